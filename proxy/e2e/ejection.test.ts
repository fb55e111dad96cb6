/** Passive health on real sockets: what ejects an endpoint, which clients notice, and how it returns. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { RequestListener } from 'node:http';
import { endpoint, eventually, get, httpBackend, opener, rawBackend, rawRequest, statusOf } from '../testing.ts';
import type { ProxySpec, TestProxy } from '../testing.ts';
import type { PassiveCheck } from '../snapshot/types.ts';

const { start, track } = opener();
const CHECK: PassiveCheck = {
  consecutive5xx: 2,
  consecutiveConnectFailures: 2,
  baseEjectionTime: 60_000,
  maxEjectionPercent: 100,
};
const EJECTION = CHECK.baseEjectionTime;

/** Added to the clock of every proxy here: an ejection ends when a test says so, however busy the machine is. */
let ahead = 0;
const now = () => performance.now() + ahead;
const failing: RequestListener = (_req, res) => res.writeHead(503).end('bad');
const good: RequestListener = (_req, res) => res.end('good');
const bodyOf = (answer: string) => answer.split('\r\n\r\n')[1] ?? '';

/** A backend whose handler can be replaced; `asked` lists its requests. */
async function backend(handler: RequestListener) {
  const self = { port: 0, asked: [] as string[], handler };
  const server = await httpBackend((req, res) => {
    self.asked.push(`${req.method} ${req.url}`);
    self.handler(req, res);
  });
  track(server);
  self.port = server.port;
  return self;
}

/** Two endpoints in rotation; the first one is under test. */
async function pair(passive: PassiveCheck, handler: RequestListener, more: Omit<ProxySpec, 'endpoints'> = {}) {
  const bad = await backend(handler);
  const other = await backend(good);
  const part = {
    loadBalancer: { type: 'RoundRobin' } as const,
    ...more.part,
    healthCheck: { passive, ...more.part?.healthCheck },
  };
  const proxy = await start({ endpoints: [endpoint(bad.port), endpoint(other.port)], now, ...more, part });
  return { bad, other, proxy, name: `pod:${bad.port}` };
}

const ejected = (proxy: TestProxy) => proxy.runtime.unhealthy().length > 0;
/** Sends requests until an endpoint is ejected; none of them may fail. */
async function eject(proxy: TestProxy, most = 20): Promise<void> {
  for (let i = 0; i < most && !ejected(proxy); i++) assert.equal(bodyOf(await get(proxy.port)), 'good');
  assert.ok(ejected(proxy));
}
/** The ejection is over: the clock of the proxies moves on. */
const endEjection = () => void (ahead += EJECTION);
const upload = (method: string) => (port: number) =>
  rawRequest(port, `${method} / HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx`);
const [post, put] = [upload('POST'), upload('PUT')];

describe('ejection', () => {
  test('takes effect on the next pick, is logged, counted by reason and reported to the operator', async () => {
    const { bad, proxy, name } = await pair(CHECK, failing);
    await eject(proxy);
    assert.equal(bad.asked.length, 2);
    for (let i = 0; i < 6; i++) assert.equal(bodyOf(await get(proxy.port)), 'good');
    assert.equal(bad.asked.length, 2);
    const evidence = '2 failures in a row, the last one: HTTP 503, ejected for 60 s';
    assert.deepEqual(proxy.healthLog, [`${name} ejected: consecutive-5xx: ${evidence}`]);
    const reported = proxy.runtime.unhealthy().map((u) => [u.endpoint, u.reason, u.detail]);
    assert.deepEqual(reported, [[`e-${bad.port}`, 'ejected', evidence]]);
    const labels = `namespace="default",policy="p",endpoint="${name}"`;
    const text = await proxy.metrics();
    assert.match(text, new RegExp(`outrigger_ejections_total\\{${labels},reason="consecutive-5xx"\\} 1`));
    assert.match(text, new RegExp(`outrigger_endpoint_healthy\\{${labels}\\} 0`));
  });

  test('by answers that never arrive, that break off, and that are malformed', async () => {
    const hang = await pair(CHECK, () => undefined, { retry: { perTryTimeout: 30, retryOn: ['timeout'] } });
    await eject(hang.proxy);
    assert.match(hang.proxy.healthLog[0] ?? '', /the last one: time-out/);

    const broken = await pair(CHECK, (_req, res) => {
      res.writeHead(200, { 'content-length': 9 }).write('half', () => res.destroy());
    });
    for (let i = 0; i < 4; i++) await get(broken.proxy.port);
    await eventually(() => ejected(broken.proxy));
    assert.match(broken.proxy.healthLog[0] ?? '', /the last one: response broken off/);

    const raw = track(await rawBackend((socket) => socket.on('data', () => socket.end('220 mail.example ESMTP\r\n\r\n'))));
    const other = await backend(good);
    const garbage = await start({
      endpoints: [endpoint(raw.port), endpoint(other.port)],
      part: { healthCheck: { passive: CHECK } },
    });
    for (let i = 0; i < 4; i++) await get(garbage.port);
    assert.match(garbage.healthLog[0] ?? '', /the last one: malformed response/);
  });

  test('by the percentage of failed answers, where one is set', async () => {
    let n = 0;
    const passive = { ...CHECK, consecutive5xx: 1000, failurePercent: { threshold: 50, minRequests: 10, window: 60_000 } };
    const { bad, proxy } = await pair(passive, (req, res) => (n++ % 2 === 0 ? good : failing)(req, res));
    await eject(proxy);
    assert.equal(bad.asked.length, 10);
    assert.match(proxy.healthLog[0] ?? '', /failure-percent: 5 of 10 requests failed within 60 s/);
  });

  test('not by clients that leave', async () => {
    const { bad, other, proxy } = await pair(CHECK, () => undefined);
    other.handler = () => undefined;
    for (let i = 1; i <= 6; i++) {
      const socket = connect(proxy.port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: test.example\r\n\r\n');
      await eventually(() => bad.asked.length + other.asked.length === i);
      socket.destroy();
      await eventually(() => proxy.records.length === i);
    }
    assert.deepEqual(proxy.healthLog, []);
  });

  test('never of the last usable endpoint', async () => {
    const only = await backend(failing);
    const proxy = await start({ endpoints: [endpoint(only.port)], part: { healthCheck: { passive: CHECK } } });
    for (let i = 0; i < 5; i++) assert.equal(statusOf(await get(proxy.port)), 503);
    assert.deepEqual(proxy.healthLog, []);
    const both = await pair(CHECK, failing);
    both.other.handler = failing;
    for (let i = 0; i < 5; i++) await get(both.proxy.port);
    assert.equal(both.proxy.healthLog.length, 1);
    assert.equal(both.proxy.runtime.unhealthy().length, 1);
  });

  test('ends when all other endpoints leave: an ejected one is better than none', async () => {
    const { bad, proxy, name } = await pair(CHECK, failing);
    await eject(proxy);
    await proxy.apply({ endpoints: [endpoint(bad.port)], part: { healthCheck: { passive: CHECK } } });
    assert.deepEqual(proxy.healthLog.slice(1), [`${name} back: no other endpoint is left`]);
    bad.handler = good;
    assert.equal(bodyOf(await get(proxy.port)), 'good');
  });

  test('ends with a passing active check', async () => {
    const active = { type: 'TCP', interval: 20, timeout: 20, unhealthyThreshold: 3, healthyThreshold: 1 } as const;
    const { proxy, name } = await pair(CHECK, failing, { part: { healthCheck: { passive: CHECK, active } } });
    for (let i = 0; i < 100 && proxy.healthLog.length === 0; i++) await get(proxy.port);
    await eventually(() => proxy.healthLog.length > 1);
    assert.equal(proxy.healthLog[1], `${name} back: active check passed`);
  });
});

describe('the return from ejection', () => {
  test('is decided by the first request that may be tried elsewhere', async () => {
    const { bad, proxy, name } = await pair(CHECK, failing);
    await eject(proxy);
    bad.handler = good;
    endEjection();
    bad.asked.length = 0;
    assert.equal(bodyOf(await get(proxy.port, '/probation')), 'good');
    assert.deepEqual(bad.asked, ['GET /probation']);
    assert.deepEqual(proxy.healthLog.slice(1), [`${name} back: HTTP 200 on probation`]);
    assert.deepEqual(proxy.runtime.unhealthy(), []);
  });

  test('may fail without a failed request, whatever `retry` says: ejected for twice as long', async () => {
    const { bad, proxy, name } = await pair(CHECK, failing, { retry: { attempts: 1 } });
    await eject(proxy);
    bad.handler = (_req, res) => res.writeHead(500).end();
    await proxy.apply({
      endpoints:
        proxy.runtime.endpointSets
          .values()
          .next()
          .value?.endpoints.map((e) => endpoint(e.port)) ?? [],
      part: { loadBalancer: { type: 'RoundRobin' }, healthCheck: { passive: CHECK } },
      retry: { attempts: 1, retryOn: [] },
    });
    endEjection();
    assert.equal(bodyOf(await get(proxy.port)), 'good');
    assert.deepEqual(proxy.healthLog.slice(1), [`${name} ejected: probation: HTTP 500 on probation, ejected for 120 s`]);
    await eventually(() => proxy.records.at(-1)?.tries === 2);
    const text = await proxy.metrics();
    assert.match(text, /outrigger_ejections_total\{.*reason="probation"\} 1/);
    assert.match(text, /outrigger_retries_total\{.*reason="probation"\} 1/);
  });

  test('is tried with one request at a time', async () => {
    const { bad, proxy } = await pair(CHECK, failing);
    await eject(proxy);
    let answer = () => {};
    bad.handler = (_req, res) => (answer = () => res.end('late'));
    endEjection();
    bad.asked.length = 0;
    const first = get(proxy.port, '/probation');
    await eventually(() => bad.asked.length === 1);
    for (let i = 0; i < 4; i++) assert.equal(bodyOf(await get(proxy.port)), 'good');
    assert.deepEqual(bad.asked, ['GET /probation']);
    answer();
    assert.equal(bodyOf(await first), 'late');
  });

  test('is possible again when the client of the probation request leaves', async () => {
    const { bad, proxy } = await pair(CHECK, failing);
    await eject(proxy);
    bad.handler = () => undefined;
    endEjection();
    bad.asked.length = 0;
    const socket = connect(proxy.port, '127.0.0.1');
    socket.write('GET /first HTTP/1.1\r\nHost: test.example\r\n\r\n');
    await eventually(() => bad.asked.length === 1);
    socket.destroy();
    await eventually(() => proxy.records.at(-1)?.status === 499);
    bad.handler = good;
    assert.equal(bodyOf(await get(proxy.port, '/second')), 'good');
    assert.deepEqual(bad.asked, ['GET /first', 'GET /second']);
    assert.equal(proxy.healthLog.length, 2);
  });

  test('does not wait for the end of a long response', async () => {
    const { bad, proxy } = await pair(CHECK, failing);
    await eject(proxy);
    bad.handler = (_req, res) => void res.write('first');
    endEjection();
    const socket = connect(proxy.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: test.example\r\n\r\n');
    await eventually(() => proxy.healthLog.length === 2);
    assert.match(proxy.healthLog[1] ?? '', /back: HTTP 200/);
    socket.destroy();
  });

  for (const type of ['WeightedRoundRobin', 'Random', 'LeastRequest', 'LeastConnections', 'PeakEWMA'] as const) {
    test(`is possible under ${type}`, async () => {
      // One failure is enough: most of these avoid an endpoint that has just failed.
      const passive = { ...CHECK, consecutive5xx: 1 };
      const { bad, proxy } = await pair(passive, failing, { part: { loadBalancer: { type } } });
      await eject(proxy, 200);
      bad.handler = good;
      endEjection();
      bad.asked.length = 0;
      await get(proxy.port);
      assert.equal(bad.asked.length, 1);
      assert.match(proxy.healthLog[1] ?? '', /back: HTTP 200/);
    });
  }

  test('is possible under hashing, with a key of another endpoint, and moves no key', async () => {
    const consistentHash = {
      algorithm: 'Maglev',
      tableSize: 251,
      hashOn: { type: 'Header', name: 'x-key' },
      affinity: { maxEntries: 100, idleTimeout: 60_000, drain: 1000 },
    } as const;
    const part = { loadBalancer: { type: 'ConsistentHash', consistentHash } as const, healthCheck: { passive: CHECK } };
    const { bad, other, proxy } = await pair(CHECK, good, { part });
    const keyed = (key: string) => get(proxy.port, '/', `x-key: ${key}\r\n`);
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const endpointOf = async (key: string) => {
      const before = bad.asked.length;
      await keyed(key);
      return bad.asked.length > before ? bad : other;
    };
    const endpoints = new Map<string, unknown>();
    for (const key of keys) endpoints.set(key, await endpointOf(key));
    const ofOther = keys.find((key) => endpoints.get(key) === other) as string;
    bad.handler = failing;
    // A key moves with its success elsewhere, so the second failure is that of another key.
    for (const key of keys.filter((k) => endpoints.get(k) === bad).slice(0, 2)) assert.equal(bodyOf(await keyed(key)), 'good');
    assert.equal(proxy.healthLog.length, 1);
    bad.handler = good;
    endEjection();
    assert.equal(await endpointOf(ofOther), bad, 'the probation request');
    assert.match(proxy.healthLog[1] ?? '', /back/);
    assert.equal(await endpointOf(ofOther), other);
  });

  for (const [what, send, more] of [
    ['requests that cannot be repeated', post, {}],
    ['requests with a body, which may be too long to be repeated', put, {}],
    ['a policy without retries', get, { retry: { attempts: 0 } }],
  ] as const) {
    test(`is tried with a connection for ${what}; after that, one failure ejects`, async () => {
      const { bad, proxy, name } = await pair(CHECK, failing, more);
      while (!ejected(proxy)) await send(proxy.port);
      endEjection();
      bad.asked.length = 0;
      assert.equal(bodyOf(await send(proxy.port)), 'good');
      await eventually(() => proxy.healthLog.length === 2);
      assert.equal(proxy.healthLog[1], `${name} back: connection on probation`);
      for (let i = 0; i < 2; i++) await send(proxy.port);
      assert.equal(bad.asked.length, 1);
      assert.equal(proxy.healthLog[2], `${name} ejected: probation: HTTP 503 on probation, ejected for 120 s`);
    });
  }

  test('of an idle backend is tried with a connection when its state is read', async () => {
    const { proxy } = await pair(CHECK, failing);
    await eject(proxy);
    endEjection();
    await eventually(() => proxy.runtime.unhealthy().length === 0);
    assert.match(proxy.healthLog[1] ?? '', /back: connection on probation/);
  });

  test('fails for an endpoint that refuses connections', async () => {
    const gone = await httpBackend(failing);
    const other = await backend(good);
    const part = { healthCheck: { passive: CHECK } };
    const proxy = await start({ endpoints: [endpoint(gone.port), endpoint(other.port)], now, part });
    await eject(proxy);
    await gone.close();
    endEjection();
    assert.equal(bodyOf(await post(proxy.port)), 'good');
    await eventually(() => proxy.healthLog.length === 2);
    const evidence = 'connect failure on probation, ejected for 120 s';
    assert.equal(proxy.healthLog[1], `pod:${gone.port} ejected: probation: ${evidence}`);
  });
});
