/** The circuit breaker from the client's side: how many are at the backends, who waits, for how long, and who is sent away. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { endpoint, eventually, get, httpBackend, opener, statusOf } from './testing.ts';
import type { TestProxy } from './testing.ts';

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
