/** The circuit breaker from the client's side: which requests are served, which wait, for how long, and which are refused. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { endpoint, eventually, get, httpBackend, opener, rawBackend, statusOf } from '../testing.ts';
import type { TestProxy } from '../testing.ts';

const { start, track } = opener();

/** A backend that answers its oldest request each time `answer` is called. */
async function slowBackend() {
  const held: { res: ServerResponse; path: string }[] = [];
  const requested: string[] = [];
  const backend = track(
    await httpBackend((req, res) => {
      requested.push(req.url as string);
      held.push({ res, path: req.url as string });
    }),
  );
  return { ...backend, held, requested, answer: () => held.shift()?.res.end('done') };
}

const limits = (maxParallelRequests: number, maxPendingRequests: number) => ({
  circuitBreaker: { maxParallelRequests, maxPendingRequests },
});
const gauge = async (proxy: TestProxy, name: string) =>
  Number(new RegExp(`outrigger_${name}\\{[^}]*\\} (\\d+)`).exec(await proxy.metrics())?.[1] ?? NaN);

/** Waits until `n` requests are pending. */
async function untilPending(proxy: TestProxy, n: number): Promise<void> {
  const end = performance.now() + 5000;
  while ((await gauge(proxy, 'pending_requests')) !== n) {
    assert.ok(performance.now() < end, `not ${n} pending`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('no more requests than the limit are at the backends; others wait, and are served in the order they arrived', async () => {
  const backend = await slowBackend();
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(2, 10) });
  const answers: Promise<string>[] = [];
  for (let i = 0; i < 6; i++) {
    answers.push(get(proxy.port, `/${i}`));
    if (i < 2) await eventually(() => backend.requested.length === i + 1);
    else await untilPending(proxy, i - 1);
  }
  assert.deepEqual(backend.requested, ['/0', '/1']);
  for (let served = 1; served <= 6; served++) {
    backend.answer();
    await eventually(() => backend.requested.length === Math.min(6, served + 2));
    assert.equal(backend.held.length, Math.min(2, 6 - served));
  }
  assert.deepEqual(backend.requested, ['/0', '/1', '/2', '/3', '/4', '/5']);
  assert.deepEqual((await Promise.all(answers)).map(statusOf), [200, 200, 200, 200, 200, 200]);
  assert.equal(await gauge(proxy, 'pending_requests'), 0);
  assert.equal(await gauge(proxy, 'overflow_total'), 0);
});

test('with a full queue the answer is 503 overflow at once', async () => {
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

test('no request waits for longer than timeouts.connect', async () => {
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

test('no request waits for longer than timeouts.request', async () => {
  const backend = await slowBackend();
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(1, 9), timeouts: { request: 100 } });
  const first = get(proxy.port);
  await eventually(() => backend.held.length === 1);
  const started = performance.now();
  assert.equal(statusOf(await get(proxy.port)), 504);
  assert.ok(performance.now() - started < 2000);
  assert.equal(statusOf(await first), 504);
});

test('a client that leaves gives up its place in the queue', async () => {
  const backend = await slowBackend();
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(1, 1) });
  const first = get(proxy.port);
  await eventually(() => backend.held.length === 1);
  const leaving = connect(proxy.port, '127.0.0.1');
  leaving.write('GET /left HTTP/1.1\r\nHost: a\r\n\r\n');
  await untilPending(proxy, 1);
  leaving.destroy();
  await untilPending(proxy, 0);
  const next = get(proxy.port, '/next');
  await untilPending(proxy, 1);
  backend.answer();
  await eventually(() => backend.held.length === 1);
  backend.answer();
  assert.deepEqual([await first, await next].map(statusOf), [200, 200]);
  assert.deepEqual(backend.requested, ['/', '/next']);
  assert.equal(proxy.records.filter((r) => r.status === 499).length, 1);
});

test('a place is free again, however a request ends', async () => {
  const backend = await slowBackend();
  const retry = { attempts: 0 };
  const proxy = await start({ endpoints: [endpoint(backend.port)], route: limits(1, 0), timeouts: { idle: 500 }, retry });
  // Ended by the client, by the idle timeout, by the backend.
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
  test('no endpoint has more; others take what it cannot; when all are saturated, requests wait', async () => {
    const [a, b] = [await slowBackend(), await slowBackend()];
    const proxy = await start({ endpoints: [endpoint(a.port), endpoint(b.port)], ...perEndpoint(2) });
    const answers = Array.from({ length: 7 }, (_, i) => get(proxy.port, `/${i}`));
    await untilPending(proxy, 3);
    await eventually(() => a.held.length === 2 && b.held.length === 2);
    // Requests that end at an endpoint make room there: both of the next ones go to it.
    for (let i = 0; i < 2; i++) a.answer();
    await untilPending(proxy, 1);
    await eventually(() => a.held.length === 2);
    assert.equal(a.requested.length, 4);
    assert.equal(b.requested.length, 2);
    b.answer();
    await untilPending(proxy, 0);
    await eventually(() => b.requested.length === 3);
    for (const backend of [a, b]) while (backend.held.length > 0) backend.answer();
    assert.deepEqual(new Set((await Promise.all(answers)).map(statusOf)), new Set([200]));
    const text = await proxy.metrics();
    assert.doesNotMatch(text, /outrigger_endpoint_active_requests\{[^}]*\} [1-9]/);
  });

  test('a session waits for its endpoint, and does not block others', async () => {
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
    await untilPending(proxy, 1);
    const third = get(proxy.port, '/3');
    await untilPending(proxy, 2);
    other.answer();
    await eventually(() => other.requested.includes('/3'));
    own.answer();
    await eventually(() => own.requested.includes('/mine'));
    for (const backend of [a, b]) while (backend.held.length > 0) backend.answer();
    for (const answer of await Promise.all([one, two, mine, third])) assert.equal(statusOf(answer), 200);
  });

  test('a retry waits for an endpoint that was not tried, instead of trying the same one again', async () => {
    const slow = await slowBackend();
    const bad = track(await httpBackend((_req, res) => void res.writeHead(503).end()));
    const proxy = await start({ endpoints: [endpoint(slow.port), endpoint(bad.port)], ...perEndpoint(1) });
    const first = get(proxy.port);
    await eventually(() => slow.held.length === 1);
    const second = get(proxy.port);
    await untilPending(proxy, 1);
    slow.answer();
    await eventually(() => slow.held.length === 1);
    slow.answer();
    assert.deepEqual([await first, await second].map(statusOf), [200, 200]);
  });

  test('a saturated backend is still available: the fallback gets no request', async () => {
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

  test('a change of the limit takes effect at once', async () => {
    const slow = await slowBackend();
    const endpoints = [endpoint(slow.port)];
    const proxy = await start({ endpoints, ...perEndpoint(1) });
    const answers = [get(proxy.port), get(proxy.port)];
    await untilPending(proxy, 1);
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

  /** A backend that counts its open connections, and the most there were. */
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

  test('there are never more, idle ones included: an idle one is closed when another endpoint needs one', async () => {
    const backends = [await counting(), await counting(), await counting()];
    const proxy = await start({ endpoints: backends.map((b) => endpoint(b.port)), route: connections(2) });
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => get(proxy.port)));
      assert.deepEqual(new Set(answers.map(statusOf)), new Set([200]));
      // The backend notices a closed connection a moment later.
      await eventually(() => backends.reduce((sum, { state }) => sum + state.open, 0) <= 2);
    }
    assert.ok(backends.every(({ state }) => state.most <= 2));
    assert.ok(proxy.upstream.connections.opened > 2);
  });

  test('kept-alive connections are reused below the limit', async () => {
    const backend = await counting();
    const proxy = await start({ endpoints: [endpoint(backend.port)], route: connections(1) });
    for (let i = 0; i < 5; i++) assert.equal(statusOf(await get(proxy.port)), 200);
    assert.equal(proxy.upstream.connections.opened, 1);
  });
});

test('a higher limit admits pending requests, and a change of the policy loses none', async () => {
  const backend = await slowBackend();
  const endpoints = [endpoint(backend.port)];
  const proxy = await start({ endpoints, route: limits(1, 9) });
  const answers = [get(proxy.port), get(proxy.port), get(proxy.port)];
  await untilPending(proxy, 2);
  await proxy.apply({ endpoints, route: { ...limits(2, 9), generation: 2 } });
  await eventually(() => backend.held.length === 2);
  await untilPending(proxy, 1);
  await proxy.apply({ endpoints, route: { generation: 3 } });
  await eventually(() => backend.held.length === 3);
  for (let i = 0; i < 3; i++) backend.answer();
  assert.deepEqual((await Promise.all(answers)).map(statusOf), [200, 200, 200]);
});
