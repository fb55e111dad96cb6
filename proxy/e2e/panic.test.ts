/** `panicThreshold`: when too few endpoints are healthy, all of them are used. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closedPort, endpoint, eventually, get, httpBackend, opener } from '../testing.ts';
import type { TestProxy } from '../testing.ts';
import type { Endpoint, PassiveCheck } from '../snapshot/types.ts';

const { start, track } = opener();
const TCP = { type: 'TCP', interval: 20, timeout: 20, unhealthyThreshold: 1, healthyThreshold: 1 } as const;
/** So lenient that nothing is ejected. */
const LENIENT: PassiveCheck = { consecutiveConnectFailures: 1000, baseEjectionTime: 60_000, maxEjectionPercent: 100 };
const bodyOf = (answer: string) => answer.split('\r\n\r\n')[1] ?? '';

/** An endpoint of a backend that answers with its name. */
async function named(name: string, more: Partial<Endpoint> = {}, port = 0) {
  const backend = track(await httpBackend((_req, res) => res.end(name), port));
  return endpoint(backend.port, more);
}
const dead = async () => endpoint(await closedPort());
const proxyFor = (endpoints: readonly Endpoint[], panicThreshold: number) =>
  start({ endpoints, part: { healthCheck: { active: TCP, passive: LENIENT, panicThreshold } } });

/** Tries per endpoint during 12 requests, none of which may fail. */
async function tries(proxy: TestProxy, endpoints: readonly Endpoint[]): Promise<number[]> {
  const before = await proxy.metrics();
  for (let i = 0; i < 12; i++) assert.match(await get(proxy.port), /^HTTP\/1.1 200/);
  const after = await proxy.metrics();
  const count = (text: string, e: Endpoint) => {
    const lines = [...text.matchAll(/^outrigger_attempts_total\{.*endpoint="([^"]+)".*\} (\d+)$/gm)];
    return lines.filter(([, name]) => name === e.hashKey).reduce((sum, [, , n]) => sum + Number(n), 0);
  };
  return endpoints.map((e) => count(after, e) - count(before, e));
}
const gauge = async (proxy: TestProxy) =>
  /outrigger_panic\{namespace="default",policy="p"\} (\d)/.exec(await proxy.metrics())?.[1];

describe('panic', () => {
  test('ignores probes while too few endpoints pass them, and logs when it begins and ends', async () => {
    const endpoints = [await named('a'), await dead(), await dead()];
    const proxy = await proxyFor(endpoints, 50);
    await eventually(() => proxy.runtime.unhealthy().length === 2);
    assert.deepEqual(proxy.healthLog, ['panic on: 1 of 3']);
    assert.equal(await gauge(proxy), '1');
    const [, b = 0, c = 0] = await tries(proxy, endpoints);
    assert.ok(b > 0 && c > 0, `${b} ${c}`);
    assert.equal(proxy.runtime.unhealthy().length, 2, 'they are still reported as unhealthy');

    await named('b', {}, endpoints[1]?.port);
    await eventually(() => proxy.healthLog.length === 2);
    assert.deepEqual(proxy.healthLog[1], 'panic off: 2 of 3');
    assert.equal(await gauge(proxy), '0');
    assert.equal((await tries(proxy, endpoints))[2], 0);
  });

  test('is off unless configured, and where just enough are healthy', async () => {
    for (const threshold of [0, 33]) {
      const endpoints = [await named('a'), await dead(), await dead()];
      const proxy = await proxyFor(endpoints, threshold);
      await eventually(() => proxy.runtime.unhealthy().length === 2);
      assert.deepEqual(await tries(proxy, endpoints), [12, 0, 0]);
      assert.deepEqual(proxy.healthLog, []);
    }
  });

  test('ignores ejection as well', async () => {
    const bad = track(await httpBackend((_req, res) => res.writeHead(503).end()));
    const endpoints = [endpoint(bad.port), await named('a')];
    const passive = { ...LENIENT, consecutive5xx: 2 };
    const proxy = await start({ endpoints, part: { healthCheck: { passive, panicThreshold: 60 } } });
    for (let i = 0; i < 20 && proxy.healthLog.length < 2; i++) await get(proxy.port);
    assert.match(proxy.healthLog[0] ?? '', /ejected: consecutive-5xx/);
    assert.equal(proxy.healthLog[1], 'panic on: 1 of 2');
    const [ofBad = 0] = await tries(proxy, endpoints);
    assert.ok(ofBad > 0);
    assert.equal(proxy.healthLog.length, 2, 'failures during panic do not eject');
  });

  test('never uses an endpoint of weight 0, nor a draining one while another is active', async () => {
    const endpoints = [
      await dead(),
      await dead(),
      await named('zero', { weight: 0 }),
      await named('gone', { state: 'draining' }),
    ];
    const proxy = await proxyFor(endpoints, 100);
    await eventually(() => proxy.runtime.unhealthy().length === 2);
    assert.deepEqual(proxy.healthLog, ['panic on: 1 of 2'], 'only active endpoints with a weight count');
    assert.match(await get(proxy.port), /^HTTP\/1.1 503/);
    assert.match(proxy.records.at(-1)?.reason ?? '', /connect-failed/);
    await proxy.apply({
      endpoints: endpoints.slice(2),
      part: { healthCheck: { active: TCP, passive: LENIENT, panicThreshold: 100 } },
    });
    assert.equal(bodyOf(await get(proxy.port)), 'gone', 'no other endpoint is left');
  });

  test('applies a changed threshold at once', async () => {
    const endpoints = [await named('a'), await dead()];
    const proxy = await proxyFor(endpoints, 0);
    await eventually(() => proxy.runtime.unhealthy().length === 1);
    await proxy.apply({ endpoints, part: { healthCheck: { active: TCP, passive: LENIENT, panicThreshold: 51 } } });
    assert.deepEqual(proxy.healthLog, ['panic on: 1 of 2']);
    assert.ok((await tries(proxy, endpoints))[1]);
    await proxy.apply({ endpoints, part: { healthCheck: { active: TCP, passive: LENIENT, panicThreshold: 50 } } });
    assert.deepEqual(proxy.healthLog[1], 'panic off: 1 of 2');
  });
});
