import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { afterEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { HttpCheck } from '../snapshot/types.ts';
import { Prober, type ProbeReport, type ProberOptions } from './prober.ts';
import { backend, HTTP, httpBackend, TCP, type Backend } from './testing.ts';
import { until } from '../test-until.ts';

const probers: Prober[] = [];
afterEach(() => {
  for (const p of probers.splice(0)) p.close();
});

function prober(options: ProberOptions = {}): { prober: Prober; reports: ProbeReport[] } {
  const reports: ProbeReport[] = [];
  const made = new Prober({ onResult: (r) => reports.push(r), ...options });
  probers.push(made);
  return { prober: made, reports };
}

const at = (server: Backend, id = 'e') => ({ id, address: '127.0.0.1', port: server.port });

describe('Prober', () => {
  test('a new endpoint is healthy; a first failure marks it unhealthy; a success marks it healthy', async () => {
    let status = 500;
    const server = await httpBackend((_, res) => res.writeHead(status).end());
    const { prober: p } = prober();
    const changes: string[] = [];
    const check = { ...HTTP, interval: 20, timeout: 2000, unhealthyThreshold: 2, healthyThreshold: 2 };
    const watch = p.watch(at(server), check, (healthy, detail) => changes.push(`${healthy} ${detail}`));
    assert.deepEqual([watch.healthy, watch.detail], [true, '']);
    await until(() => changes.length === 1, 'the endpoint to go down');
    assert.deepEqual([watch.healthy, watch.detail], [false, 'HTTP 500']);
    status = 200;
    await until(() => changes.length === 2, 'the endpoint to come back');
    assert.deepEqual([watch.healthy, watch.detail], [true, 'HTTP 200']);
    status = 503;
    await until(() => changes.length === 3, 'the endpoint to go down again');
    assert.deepEqual(changes, ['false HTTP 500', 'true HTTP 200', 'false HTTP 503']);
  });

  test('keeps the evidence of a failure while the endpoint recovers', async () => {
    let asked = 0;
    const server = await httpBackend((_, res) => res.writeHead(asked++ === 0 || asked > 2 ? 200 : 500).end());
    const { prober: p, reports } = prober();
    const seen: [checked: boolean, healthy: boolean, detail: string][] = [];
    const check = { ...HTTP, interval: 20, timeout: 2000, healthyThreshold: 2 };
    const watch = p.watch(
      at(server),
      check,
      () => undefined,
      () => seen.push([watch.checked, watch.healthy, watch.detail]),
    );
    assert.equal(watch.checked, false);
    await until(() => reports.length === 4, 'four probes');
    assert.deepEqual(seen.slice(0, 4), [
      [true, true, 'HTTP 200'],
      [true, false, 'HTTP 500'],
      [true, false, 'HTTP 500'],
      [true, true, 'HTTP 200'],
    ]);
  });

  test('calls a watcher with every result, changed or not', async () => {
    let asked = 0;
    const server = await httpBackend((_, res) => res.writeHead(asked++ === 1 ? 500 : 200).end());
    const { prober: p, reports } = prober();
    const results: boolean[] = [];
    const firsts: boolean[] = [];
    const check = { ...HTTP, interval: 20, timeout: 2000, unhealthyThreshold: 3 };
    p.watch(
      at(server),
      check,
      () => assert.fail('nothing changed'),
      (ok, first) => {
        results.push(ok);
        firsts.push(first);
      },
    );
    await until(() => reports.length === 4, 'four probes');
    assert.deepEqual(results, [true, false, true, true]);
    assert.deepEqual(firsts, [true, false, false, false]);
  });

  test('reports every probe with its check and result', async () => {
    const server = await httpBackend((_, res) => res.end());
    const { prober: p, reports } = prober();
    p.watch(at(server, 'h'), { ...HTTP, interval: 20, timeout: 2000 }, () => {});
    await until(() => reports.length >= 3, 'three probes');
    assert.deepEqual(reports[0], { id: 'h', type: 'HTTP', ok: true, detail: 'HTTP 200' });
    p.watch(at(server, 't'), TCP, () => {});
    await until(() => reports.some((r) => r.id === 't'), 'a TCP probe');
    assert.deepEqual(
      reports.find((r) => r.id === 't'),
      { id: 't', type: 'TCP', ok: true, detail: 'connected' },
    );
  });

  test('probes the port of the check instead of the port of the endpoint', async () => {
    const server = await httpBackend((_, res) => res.end());
    const { prober: p, reports } = prober();
    p.watch({ id: 'e', address: '127.0.0.1', port: 1 }, { ...HTTP, port: server.port }, () => {});
    await until(() => reports.length === 1, 'the probe');
    assert.equal(reports[0]?.ok, true);
  });
});

describe('sharing', () => {
  test('one probe for all watchers; a later watcher starts with the present state', async () => {
    const server = await httpBackend((_, res) => res.writeHead(500).end());
    const { prober: p, reports } = prober();
    const called: string[] = [];
    const first = p.watch(at(server), HTTP, () => called.push('first'));
    const second = p.watch(at(server), { ...HTTP }, () => called.push('second'));
    await until(() => reports.length === 1, 'the probe');
    assert.deepEqual(called, ['first', 'second']);
    // The same check with its fields in another order.
    const reordered = Object.fromEntries(Object.entries(HTTP).reverse()) as unknown as typeof HTTP;
    const third = p.watch(at(server), reordered, () => called.push('third'));
    assert.deepEqual([third.healthy, third.detail], [false, 'HTTP 500']);
    assert.deepEqual([first.healthy, second.healthy, reports.length], [false, false, 1]);
  });

  test('another check, port or id is another probe', async () => {
    const server = await httpBackend((_, res) => res.end());
    const { prober: p, reports } = prober();
    p.watch(at(server), HTTP, () => {});
    p.watch(at(server), { ...HTTP, path: '/other' }, () => {});
    p.watch(at(server, 'renamed'), HTTP, () => {});
    await until(() => reports.length === 3, 'three probes');
  });

  test('continues while a watcher is left, ends with the last one, and starts again from nothing after that', async () => {
    const server = await httpBackend((_, res) => res.writeHead(500).end());
    const { prober: p, reports } = prober();
    const check = { ...HTTP, interval: 20, timeout: 2000 };
    const one = p.watch(at(server), check, () => {});
    const two = p.watch(at(server), check, () => {});
    await until(() => reports.length >= 1, 'the first probe');
    one.stop();
    one.stop();
    const before = reports.length;
    await until(() => reports.length >= before + 2, 'further probes');
    two.stop();
    await until(() => server.open.size === 0, 'the connection to go');
    const ended = reports.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(reports.length, ended);
    assert.equal(p.watch(at(server), check, () => {}).healthy, true);
  });

  test('a watcher may stop watches while it is called; stopped ones are not called any more', async () => {
    const server = await httpBackend((_, res) => res.writeHead(500).end());
    const { prober: p, reports } = prober();
    let called = 0;
    const watches = [0, 1].map(() =>
      p.watch(at(server), { ...HTTP, interval: 20, timeout: 2000 }, () => {
        called++;
        for (const watch of watches) watch.stop();
      }),
    );
    await until(() => called > 0, 'the change');
    await until(() => server.open.size === 0, 'the connection to go');
    assert.deepEqual([reports.length, called], [1, 1]);
  });
});

describe('schedule', () => {
  test('probes of one endpoint never overlap, and a hanging one times out', async () => {
    let others = 0;
    const server = await backend((socket) => {
      server.open.delete(socket);
      others = Math.max(others, server.open.size);
      server.open.add(socket);
    });
    const { prober: p, reports } = prober();
    p.watch(at(server), { ...HTTP, interval: 50, timeout: 20 }, () => {});
    await until(() => reports.length >= 4, 'several probes');
    assert.ok(reports.every((r) => !r.ok && r.detail === 'timeout'));
    assert.equal(others, 0);
  });

  test('the first probe is at once; many first probes spread over at most a tenth of the interval', (t) => {
    const delays: number[] = [];
    const real = globalThis.setTimeout;
    t.mock.method(globalThis, 'setTimeout', (f: () => void, ms: number) => {
      delays.push(ms);
      return real(f, 60_000);
    });
    const { prober: p } = prober({ random: () => 0.999 });
    const watch = (i: number) => p.watch({ id: `e${i}`, address: '127.0.0.1', port: 1 }, { ...TCP, interval: 3000 }, () => {});
    for (let i = 0; i < 500; i++) watch(i);
    assert.equal(delays[0], 0);
    assert.ok((delays[10] ?? 0) > 40 && (delays[10] ?? 0) < 50, 'a few start close together');
    assert.ok(Math.max(...delays) <= 300 && Math.max(...delays) > 290);
    p.close();
    watch(500);
    assert.equal(delays.at(-1), 0, 'those that were stopped before their first probe no longer count');
  });

  test('the second probe is at a random distance from the first, from start to start', async (t) => {
    const server = await backend(() => {});
    const delays: number[] = [];
    const real = globalThis.setTimeout;
    t.mock.method(globalThis, 'setTimeout', (f: () => void, ms: number) => {
      delays.push(ms);
      return real(f, ms);
    });
    for (const [u, period] of [
      [0.6, 60_000],
      [0.9, 90_000],
    ] as const) {
      const { prober: p, reports } = prober({ random: () => u });
      p.watch(at(server), { ...TCP, interval: 100_000 }, () => {});
      await until(() => reports.length === 1, 'the first probe');
      const next = delays.findLast((ms) => ms > 50_000) ?? 0;
      assert.ok(next <= period && next > period - 2000, `${next} ms`);
    }
  });

  test('at most maxConcurrent at a time; others wait', async () => {
    let [now, most] = [0, 0];
    const server = await httpBackend((_, res) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        res.end();
      }, 5);
    });
    const { prober: p, reports } = prober({ maxConcurrent: 3 });
    for (let i = 0; i < 20; i++) p.watch(at(server, `e${i}`), HTTP, () => {});
    await until(() => reports.length === 20, 'all probes');
    assert.equal(most, 3);
    assert.ok(reports.every((r) => r.ok));
  });

  test('a probe that is stopped while it waits or runs frees its slot', async () => {
    const server = await backend(() => {});
    const { prober: p, reports } = prober({ maxConcurrent: 1, random: () => 0 });
    const running = p.watch(at(server, 'a'), HTTP, () => {});
    const waiting = p.watch(at(server, 'b'), HTTP, () => {});
    p.watch(at(server, 'c'), { ...HTTP, timeout: 50 }, () => {});
    await until(() => server.open.size === 1, 'the first probe');
    waiting.stop();
    running.stop();
    await until(() => reports.length === 1, 'the third probe');
    assert.deepEqual(
      reports.map((r) => r.id),
      ['c'],
    );
  });
});

test('close ends everything at once and reports nothing more', async () => {
  const silent = await backend(() => {});
  const fine = await httpBackend((_, res) => res.end());
  const { prober: p, reports } = prober();
  for (let i = 0; i < 5; i++) p.watch(at(silent, `s${i}`), HTTP, () => assert.fail('called after close'));
  p.watch(at(fine), HTTP, () => assert.fail('called after close'));
  await until(() => silent.open.size === 5 && reports.length === 1, 'probes under way');
  p.close();
  await until(() => silent.open.size === 0 && fine.open.size === 0, 'every connection to go');
  assert.equal(reports.length, 1);
});

test('does not keep the process alive, and loads no regex engine unless a check needs it', async () => {
  const server = await httpBackend((_, res) => res.end('fine'));
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => (name === 're2js' && console.log('expressions'), next(name, context)) });
    const { Prober } = await import('./prober.ts');
    const [port, check] = JSON.parse(process.argv[1]);
    await new Promise((onResult) => {
      new Prober({ onResult }).watch({ id: 'e', address: '127.0.0.1', port }, check, () => {});
      globalThis.held = setInterval(() => {}, 1000);
    });
    clearInterval(globalThis.held);
    console.log('probed');`;
  const child = async (check: HttpCheck) => {
    const args = ['--input-type=module', '-e', script, JSON.stringify([server.port, check])];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname, timeout: 10_000 });
    return stdout.trim().split('\n');
  };
  const [plain, expressive] = await Promise.all([child(HTTP), child({ ...HTTP, expectedBody: 'fine' })]);
  assert.deepEqual(plain, ['probed']);
  assert.deepEqual(expressive, ['expressions', 'probed']);
});
