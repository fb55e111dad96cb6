/** The circuit breaker from the client's side: how many are at the backends, who waits, for how long, and who is sent away. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { endpoint, eventually, get, httpBackend, opener, rawBackend, statusOf } from '../testing.ts';
import type { TestProxy } from '../testing.ts';

const { start, track } = opener();

/** A backend that answers when it is told to, first come first served. */
async function slowBackend() {
  const held: { res: ServerResponse; path: string }[] = [];
  const seen: string[] = [];
  const backend = track(
    await httpBackend((req, res) => {
      seen.push(req.url as string);
      held.push({ res, path: req.url as string });
    }),
  );
  return { ...backend, held, seen, answer: () => held.shift()?.res.end('done') };
}

const limits = (maxParallelRequests: number, maxPendingRequests: number) => ({
  circuitBreaker: { maxParallelRequests, maxPendingRequests },
});
const gauge = async (proxy: TestProxy, name: string) =>
  Number(new RegExp(`outrigger_${name}\\{[^}]*\\} (\\d+)`).exec(await proxy.metrics())?.[1] ?? NaN);

/** Until so many are in line. */
async function inLine(proxy: TestProxy, n: number): Promise<void> {
  const end = performance.now() + 5000;
  while ((await gauge(proxy, 'pending_requests')) !== n) {
    assert.ok(performance.now() < end, `not ${n} in line`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('no more than the limit are at the backends; others wait, and are served in the order they came', async () => {
  const backend = await slowBackend();
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(2, 10) });
  const answers: Promise<string>[] = [];
  for (let i = 0; i < 6; i++) {
    answers.push(get(proxy.port, `/${i}`));
    if (i < 2) await eventually(() => backend.seen.length === i + 1);
    else await inLine(proxy, i - 1);
  }
  assert.deepEqual(backend.seen, ['/0', '/1']);
  for (let served = 1; served <= 6; served++) {
    backend.answer();
    await eventually(() => backend.seen.length === Math.min(6, served + 2));
    assert.equal(backend.held.length, Math.min(2, 6 - served));
  }
  assert.deepEqual(backend.seen, ['/0', '/1', '/2', '/3', '/4', '/5']);
  assert.deepEqual((await Promise.all(answers)).map(statusOf), [200, 200, 200, 200, 200, 200]);
  assert.equal(await gauge(proxy, 'pending_requests'), 0);
  assert.equal(await gauge(proxy, 'overflow_total'), 0);
});

test('where the line is full the answer is 503 overflow at once', async () => {
  const backend = await slowBackend();
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(1, 0) });
  const first = get(proxy.port);
  await eventually(() => backend.held.length === 1);
  const answer = await get(proxy.port);
  assert.match(answer, /503[\s\S]*outrigger-reason: overflow[\s\S]*all backends are busy/);
  assert.equal(await gauge(proxy, 'overflow_total'), 1);
  backend.answer();
  assert.equal(statusOf(await first), 200);
  const next = get(proxy.port);
  await eventually(() => backend.held.length === 1);
  backend.answer();
  assert.equal(statusOf(await next), 200);
});

test('nobody waits for longer than timeouts.connect', async () => {
  const backend = await slowBackend();
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(1, 9), timeouts: { connect: 100 } });
  const first = get(proxy.port);
  await eventually(() => backend.held.length === 1);
  const started = performance.now();
  assert.match(await get(proxy.port), /503[\s\S]*outrigger-reason: overflow/);
  assert.ok(performance.now() - started >= 95);
  assert.equal(await gauge(proxy, 'pending_requests'), 0);
  backend.answer();
  assert.equal(statusOf(await first), 200);
});

test('nor for longer than the whole request may take', async () => {
  const backend = await slowBackend();
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(1, 9), timeouts: { request: 100 } });
  const first = get(proxy.port);
  await eventually(() => backend.held.length === 1);
  const started = performance.now();
  assert.equal(statusOf(await get(proxy.port)), 504);
  assert.ok(performance.now() - started < 2000);
  assert.equal(statusOf(await first), 504);
});

test('a client that leaves gives up its place in line', async () => {
  const backend = await slowBackend();
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(1, 1) });
  const first = get(proxy.port);
  await eventually(() => backend.held.length === 1);
  const leaving = connect(proxy.port, '127.0.0.1');
  leaving.write('GET /left HTTP/1.1\r\nHost: a\r\n\r\n');
  await inLine(proxy, 1);
  leaving.destroy();
  await inLine(proxy, 0);
  const next = get(proxy.port, '/next');
  await inLine(proxy, 1);
  backend.answer();
  await eventually(() => backend.held.length === 1);
  backend.answer();
  assert.deepEqual([await first, await next].map(statusOf), [200, 200]);
  assert.deepEqual(backend.seen, ['/', '/next']);
  assert.equal(proxy.records.filter((r) => r.status === 499).length, 1);
});

test('a place is free again however a request ends', async () => {
  const backend = await slowBackend();
  const retry = { attempts: 0 };
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(1, 0), timeouts: { idle: 500 }, retry });
  // Cut off by the client, by the idle time-out, by the backend.
  const gone = connect(proxy.port, '127.0.0.1');
  gone.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => backend.held.length === 1);
  gone.destroy();
  await eventually(() => proxy.records.length === 1);
  assert.equal(statusOf(await get(proxy.port)), 504);
  const cut = get(proxy.port);
  await eventually(() => backend.held.length === 3);
  backend.held[2]?.res.destroy();
  assert.equal(statusOf(await cut), 503);
  const last = get(proxy.port);
  await eventually(() => backend.held.length === 4);
  backend.held[3]?.res.end('done');
  assert.equal(statusOf(await last), 200);
});

const perEndpoint = (maxParallelRequests: number) => ({
  part: { loadBalancer: { type: 'RoundRobin' } as const, maxParallelRequests },
  route: limits(100, 100),
});

describe('a limit for each endpoint', () => {
  test('no endpoint has more; others take what it can not; when all have that many, requests wait', async () => {
    const [a, b] = [await slowBackend(), await slowBackend()];
    const proxy = await start({ endpoints: [endpoint(a.port), endpoint(b.port)], ...perEndpoint(2) });
    const answers = Array.from({ length: 7 }, (_, i) => get(proxy.port, `/${i}`));
    await inLine(proxy, 3);
    await eventually(() => a.held.length === 2 && b.held.length === 2);
    // What ends at one makes room there: both of the next go to it.
    for (let i = 0; i < 2; i++) a.answer();
    await inLine(proxy, 1);
    await eventually(() => a.held.length === 2);
    assert.equal(a.seen.length, 4);
    assert.equal(b.seen.length, 2);
    b.answer();
    await inLine(proxy, 0);
    await eventually(() => b.seen.length === 3);
    for (const backend of [a, b]) while (backend.held.length > 0) backend.answer();
    assert.deepEqual(new Set((await Promise.all(answers)).map(statusOf)), new Set([200]));
    const text = await proxy.metrics();
    assert.doesNotMatch(text, /outrigger_endpoint_active_requests\{[^}]*\} [1-9]/);
  });

  test('a session waits for its endpoint, and does not hold up others', async () => {
    const [a, b] = [await slowBackend(), await slowBackend()];
    const sessionPersistence = { policyUid: 'u', name: 'sid', ttl: 0, sameSite: 'Lax' } as const;
    const spec = perEndpoint(1);
    const proxy = await start({
      endpoints: [endpoint(a.port), endpoint(b.port)],
      ...spec,
      route: { ...spec.route, sessionPersistence },
    });
    const first = get(proxy.port, '/first');
    await eventually(() => a.held.length + b.held.length === 1);
    const [own, other] = a.held.length === 1 ? [a, b] : [b, a];
    own.answer();
    const cookie = /^set-cookie: (sid=[^;]*)/im.exec(await first)?.[1] ?? '';
    const [one, two] = [get(proxy.port, '/1'), get(proxy.port, '/2')];
    await eventually(() => a.held.length + b.held.length === 2);
    const mine = get(proxy.port, '/mine', `Cookie: ${cookie}\r\n`);
    await inLine(proxy, 1);
    const third = get(proxy.port, '/3');
    await inLine(proxy, 2);
    other.answer();
    await eventually(() => other.seen.includes('/3'));
    own.answer();
    await eventually(() => own.seen.includes('/mine'));
    for (const backend of [a, b]) while (backend.held.length > 0) backend.answer();
    for (const answer of await Promise.all([one, two, mine, third])) assert.equal(statusOf(answer), 200);
  });

  test('a retry waits for an endpoint that was not tried, rather than to ask the same again', async () => {
    const slow = await slowBackend();
    const bad = track(await httpBackend((_req, res) => void res.writeHead(503).end()));
    const proxy = await start({ endpoints: [endpoint(slow.port), endpoint(bad.port)], ...perEndpoint(1) });
    const first = get(proxy.port);
    await eventually(() => slow.held.length === 1);
    const second = get(proxy.port);
    await inLine(proxy, 1);
    slow.answer();
    await eventually(() => slow.held.length === 1);
    slow.answer();
    assert.deepEqual([await first, await second].map(statusOf), [200, 200]);
  });

  test('to be busy is not to be out: the fallback takes nothing', async () => {
    const slow = await slowBackend();
    const page = { type: 'Response', statusCode: 200, contentType: 'text/plain', body: 'fallback' } as const;
    const spec = perEndpoint(1);
    const proxy = await start({
      endpoints: [endpoint(slow.port)],
      ...spec,
      route: { ...limits(9, 0), fallback: page },
      timeouts: { connect: 200 },
    });
    const first = get(proxy.port);
    await eventually(() => slow.held.length === 1);
    assert.match(await get(proxy.port), /503[\s\S]*outrigger-reason: overflow/);
    slow.answer();
    assert.equal(statusOf(await first), 200);
  });

  test('a change of it is in force at once', async () => {
    const slow = await slowBackend();
    const endpoints = [endpoint(slow.port)];
    const proxy = await start({ endpoints, ...perEndpoint(1) });
    const answers = [get(proxy.port), get(proxy.port)];
    await inLine(proxy, 1);
    await proxy.apply({ endpoints, ...perEndpoint(2) });
    await eventually(() => slow.held.length === 2);
    for (let i = 0; i < 2; i++) slow.answer();
    assert.deepEqual((await Promise.all(answers)).map(statusOf), [200, 200]);
  });
});

describe('a limit of connections', () => {
  const connections = (maxConnections: number) => ({
    circuitBreaker: { maxParallelRequests: 100, maxPendingRequests: 100, maxConnections },
  });

  /** A backend that counts its connections. */
  async function counting() {
    const state = { open: 0, most: 0 };
    const backend = await httpBackend((_req, res) => void setTimeout(() => res.end('done'), 5));
    const proxied = track(
      await rawBackend((client) => {
        state.most = Math.max(state.most, ++state.open);
        const server = connect(backend.port, '127.0.0.1');
        client.pipe(server).pipe(client);
        client.on('close', () => {
          state.open--;
          server.destroy();
        });
        server.on('error', () => client.destroy());
      }),
    );
    track(backend);
    return { ...proxied, state };
  }

  test('there are never more, idle ones included: one that is idle goes where another endpoint needs one', async () => {
    const backends = [await counting(), await counting(), await counting()];
    const proxy = await start({ endpoints: backends.map((b) => endpoint(b.port)), route: connections(2) });
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => get(proxy.port)));
      assert.deepEqual(new Set(answers.map(statusOf)), new Set([200]));
      // What was closed is known to the backend a moment later.
      await eventually(() => backends.reduce((sum, { state }) => sum + state.open, 0) <= 2);
    }
    assert.ok(backends.every(({ state }) => state.most <= 2));
    assert.ok(proxy.upstream.connections.opened > 2);
  });

  test('kept-alive connections are used again below it', async () => {
    const backend = await counting();
    const proxy = await start({ endpoints: [endpoint(backend.port)], route: connections(1) });
    for (let i = 0; i < 5; i++) assert.equal(statusOf(await get(proxy.port)), 200);
    assert.equal(proxy.upstream.connections.opened, 1);
  });
});

test('a higher limit lets in who waits, and a change of the policy forgets nobody', async () => {
  const backend = await slowBackend();
  const endpoints = [endpoint(backend.port)];
  const proxy = await start({ endpoints, route: limits(1, 9) });
  const answers = [get(proxy.port), get(proxy.port), get(proxy.port)];
  await inLine(proxy, 2);
  await proxy.apply({ endpoints, route: { ...limits(2, 9), generation: 2 } });
  await eventually(() => backend.held.length === 2);
  await inLine(proxy, 1);
  await proxy.apply({ endpoints, route: { generation: 3 } });
  await eventually(() => backend.held.length === 3);
  for (let i = 0; i < 3; i++) backend.answer();
  assert.deepEqual((await Promise.all(answers)).map(statusOf), [200, 200, 200]);
});
