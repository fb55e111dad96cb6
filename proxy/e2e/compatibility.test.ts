/** Behaviour that users of other load balancers rely on, shown with the settings of this one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedPort, endpoint, eventually, get, httpBackend, rawBackend, opener, statusOf } from '../testing.ts';
import type { Backend, ProxySpec } from '../testing.ts';
import type { HttpCheck, TcpCheck } from '../snapshot/types.ts';

const { start, track } = opener();
async function named(name: string, port = 0): Promise<Backend> {
  return track(await httpBackend((_req, res) => res.end(name), port));
}
/** A backend that resets every connection before it answers; records when, in ms. */
async function resetting(): Promise<Backend & { times: number[] }> {
  const times: number[] = [];
  const backend = await rawBackend((socket) =>
    socket.once('data', () => {
      times.push(performance.now());
      socket.resetAndDestroy();
    }),
  );
  return { ...track(backend), times };
}
const bodyOf = (answer: string) => answer.split('\r\n\r\n')[1] ?? '';
const TCP: TcpCheck = { type: 'TCP', interval: 50, timeout: 50, unhealthyThreshold: 3, healthyThreshold: 1 };
const PASSIVE = { consecutiveConnectFailures: 3, baseEjectionTime: 30_000, maxEjectionPercent: 100 };

for (const type of ['RoundRobin', 'LeastConnections'] as const) {
  test(`golang-load-balancer: ${type} skips dead backends`, async () => {
    const [a, b, dead] = [await named('a'), await named('b'), await closedPort()];
    const proxy = await start({
      endpoints: [endpoint(a.port), endpoint(dead), endpoint(b.port)],
      part: { loadBalancer: { type }, healthCheck: { active: TCP, passive: PASSIVE } },
    });
    await eventually(() => proxy.runtime.unhealthy().length === 1);
    const answers: string[] = [];
    for (let i = 0; i < 20; i++) answers.push(bodyOf(await get(proxy.port)));
    assert.equal(answers.filter((body) => body === 'a').length, 10);
    assert.equal(answers.filter((body) => body === 'b').length, 10);
    assert.ok(proxy.records.every((r) => r.tries === 1));
  });
}

test('golang-load-balancer: a failed request is tried once elsewhere, then 503', async () => {
  const [first, second, third] = [await resetting(), await resetting(), await resetting()];
  const proxy = await start({
    endpoints: [first, second, third].map((b) => endpoint(b.port)),
    retry: { attempts: 1 },
  });
  assert.equal(statusOf(await get(proxy.port)), 503);
  const tries = [first, second, third].map((b) => b.times.length);
  assert.deepEqual(tries.sort(), [0, 1, 1]);
});

const SIMPLELB = { attempts: 2, sameEndpoint: 2, backOff: { base: 20, max: 20 }, retryOn: ['connect-failure', 'reset'] as const };

test('simplelb: three tries about 10 ms apart on one backend, three backends at most, then 503', async () => {
  const backends = await Promise.all([1, 2, 3, 4].map(() => resetting()));
  const proxy = await start({ endpoints: backends.map((b) => endpoint(b.port)), retry: SIMPLELB });
  assert.equal(statusOf(await get(proxy.port)), 503);
  assert.deepEqual(backends.map((b) => b.times.length).sort(), [0, 3, 3, 3]);
  for (const { times } of backends.filter((b) => b.times.length > 0)) {
    const gaps = times.slice(1).map((t, i) => t - (times[i] as number));
    // Back-off is drawn between half of 20 ms and 20 ms.
    assert.ok(
      gaps.every((gap) => gap >= 9 && gap < 200),
      gaps.join(),
    );
  }
});

test('simplelb: after three failed connects a backend is down, the next one serves, and TCP probes bring it back', async () => {
  const port = await closedPort();
  const good = await named('good');
  const spec: ProxySpec = {
    endpoints: [endpoint(port), endpoint(good.port)],
    part: { healthCheck: { passive: PASSIVE } },
    retry: SIMPLELB,
  };
  const proxy = await start(spec);
  while (proxy.runtime.unhealthy().length === 0) assert.equal(bodyOf(await get(proxy.port)), 'good');
  assert.deepEqual(
    proxy.runtime.unhealthy().map((u) => [u.endpoint, u.reason]),
    [[`e-${port}`, 'ejected']],
  );
  assert.ok(Math.max(...proxy.records.map((r) => r.tries)) === 4, 'three tries on the dead one, one on the other');
  proxy.records.length = 0;
  for (let i = 0; i < 5; i++) assert.equal(bodyOf(await get(proxy.port)), 'good');
  await eventually(() => proxy.records.length === 5);
  assert.ok(proxy.records.every((r) => r.tries === 1));

  await named('back', port);
  await proxy.apply({ ...spec, part: { healthCheck: { active: TCP, passive: PASSIVE } } });
  await eventually(() => proxy.runtime.unhealthy().length === 0);
  const answers = new Set<string>();
  for (let i = 0; i < 4; i++) answers.add(bodyOf(await get(proxy.port)));
  assert.deepEqual([...answers].sort(), ['back', 'good']);
});

function httpchk(more: Partial<HttpCheck> = {}): HttpCheck {
  return {
    type: 'HTTP',
    path: '/health',
    method: 'GET',
    expectedStatuses: [{ from: 200, to: 399 }],
    interval: 60,
    timeout: 50,
    unhealthyThreshold: 3,
    healthyThreshold: 2,
    ...more,
  };
}

test('HAProxy: httpchk with expect rstring, fall and rise', async () => {
  let answer = 'status: ready';
  let checks = 0;
  const checked = await httpBackend((req, res) => {
    if (req.url !== '/health') return void res.end('checked');
    checks++;
    res.end(answer);
  });
  track(checked);
  const other = await named('other');
  const proxy = await start({
    endpoints: [endpoint(checked.port), endpoint(other.port)],
    part: { healthCheck: { active: httpchk({ expectedBody: '(ready|ok)$' }), passive: PASSIVE } },
  });
  // `other` answers the check with a body that does not match: its first failure marks it down.
  await eventually(() => {
    const [found, ...more] = proxy.runtime.unhealthy();
    return checks >= 2 && more.length === 0 && /body/.test(found?.detail ?? '');
  });
  for (let i = 0; i < 3; i++) assert.equal(bodyOf(await get(proxy.port)), 'checked');

  answer = 'status: broken';
  const before = checks;
  await eventually(() => proxy.runtime.unhealthy().length === 2);
  assert.ok(checks - before >= 3, 'fall 3');
  assert.equal(statusOf(await get(proxy.port)), 503);

  answer = 'status: ok';
  const down = checks;
  await eventually(() => proxy.runtime.unhealthy().length === 1);
  assert.ok(checks - down >= 2, 'rise 2');
  assert.equal(bodyOf(await get(proxy.port)), 'checked');
});

test('HAProxy: redispatch sends a request to another server when its own cannot be reached', async () => {
  const good = await named('good');
  const proxy = await start({
    endpoints: [endpoint(await closedPort()), endpoint(good.port)],
    retry: { attempts: 1, sameEndpoint: 3, backOff: { base: 1, max: 1 } },
    part: { healthCheck: { passive: { ...PASSIVE, consecutiveConnectFailures: 100 } } },
  });
  for (let i = 0; i < 4; i++) assert.equal(bodyOf(await get(proxy.port)), 'good');
  await eventually(() => proxy.records.length === 4);
  const tries = new Set(proxy.records.map((r) => r.tries));
  assert.ok(tries.has(5) && [...tries].every((n) => n === 1 || n === 5), [...tries].join());
});

test('HAProxy: a monitor-only backend is checked and measured, and takes no traffic', async () => {
  const watched = await named('watched');
  const proxy = await start({ endpoints: [endpoint(watched.port)] });
  const dead = await closedPort();
  await proxy.runtime.apply({
    version: { epoch: 9, sequence: 9 },
    digest: 'monitor',
    trustedKeys: [],
    listeners: [],
    pools: [
      {
        id: 'ops/watch/ops/db:5432',
        digest: 'm',
        part: {
          loadBalancer: { type: 'LeastRequest' },
          healthCheck: { active: TCP, passive: PASSIVE },
          endpoints: [endpoint(watched.port), endpoint(dead)],
        },
      },
    ],
  });
  await eventually(() => proxy.runtime.unhealthy().length === 1);
  const text = await proxy.metrics();
  const labels = 'namespace="ops",policy="watch"';
  assert.match(text, new RegExp(`outrigger_endpoint_healthy\\{${labels},endpoint="pod:${watched.port}"\\} 1`));
  assert.match(text, new RegExp(`outrigger_endpoint_healthy\\{${labels},endpoint="pod:${dead}"\\} 0`));
  assert.match(text, new RegExp(`outrigger_health_checks_total\\{${labels},endpoint="pod:${dead}",result="failed"\\} [1-9]`));
});
