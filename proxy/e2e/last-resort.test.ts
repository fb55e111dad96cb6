/** An ejected endpoint is tried when all others have failed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestListener } from 'node:http';
import { closedPort, endpoint, get, httpBackend, opener, statusOf } from '../testing.ts';
import type { TestProxy } from '../testing.ts';

const { start, track } = opener();
const PASSIVE = { consecutiveConnectFailures: 2, consecutive5xx: 2, baseEjectionTime: 60_000, maxEjectionPercent: 50 };
const failing: RequestListener = (_req, res) => res.writeHead(503).end('bad');
const good: RequestListener = (_req, res) => res.end('good');

/** Three endpoints: the first is ejected; then the others refuse connections, which costs nothing of the retry budget. */
async function othersRefuse() {
  const state = { handler: failing, asked: 0 };
  const first = track(
    await httpBackend((req, res) => {
      state.asked++;
      state.handler(req, res);
    }),
  );
  const others = [track(await httpBackend(good)), track(await httpBackend(good))];
  const endpoints = [first, ...others].map((b) => endpoint(b.port));
  const part = { loadBalancer: { type: 'RoundRobin' } as const, healthCheck: { passive: PASSIVE } };
  const proxy = await start({ endpoints, part });
  while (proxy.runtime.unhealthy().length === 0) await get(proxy.port);
  for (const other of others) await other.close();
  state.asked = 0;
  return { state, proxy, first };
}
const last = (proxy: TestProxy) => proxy.records.at(-1);

test('a request that failed everywhere else is tried on it, and ends the ejection when that succeeds', async () => {
  const { state, proxy, first } = await othersRefuse();
  state.handler = good;
  assert.equal(statusOf(await get(proxy.port)), 200);
  assert.equal(last(proxy)?.tries, 3);
  assert.equal(proxy.healthLog.at(-1), `pod:${first.port} back: HTTP 200 when everything else had failed`);
  assert.ok(proxy.runtime.unhealthy().every(({ endpoint: id }) => id !== `e-${first.port}`));
});

test('many requests are tried at the same time', async () => {
  const { state, proxy } = await othersRefuse();
  state.handler = good;
  const answers = await Promise.all(Array.from({ length: 20 }, () => get(proxy.port)));
  assert.deepEqual(new Set(answers.map(statusOf)), new Set([200]));
});

test('if it fails too, its ejection does not change, and its response is forwarded', async () => {
  const { state, proxy, first } = await othersRefuse();
  const evidence = () => proxy.runtime.unhealthy().find(({ endpoint: id }) => id === `e-${first.port}`)?.detail;
  const before = evidence();
  assert.equal(statusOf(await get(proxy.port)), 503);
  assert.equal(state.asked, 1);
  assert.equal(evidence(), before);
});

test('an endpoint that fails its active checks is not tried', async () => {
  const dead = await closedPort();
  const bad = track(await httpBackend(failing));
  const active = { type: 'TCP', interval: 100, timeout: 100, unhealthyThreshold: 1, healthyThreshold: 1 } as const;
  const part = { loadBalancer: { type: 'RoundRobin' } as const, healthCheck: { passive: PASSIVE, active } };
  const proxy = await start({ endpoints: [endpoint(dead), endpoint(bad.port)], part });
  while (proxy.runtime.unhealthy().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(statusOf(await get(proxy.port)), 503);
  assert.equal(last(proxy)?.endpoint?.port, bad.port);
});
