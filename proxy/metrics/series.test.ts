import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENDPOINT_SLOT } from './endpoint-metrics.ts';
import { RequestMetrics } from './request-metrics.ts';
import { ROUTE_SLOT } from './route-metrics.ts';
import { Family, RETENTION_MS, CounterBuffer } from './series.ts';

test('a released series stays for two minutes, then its slots are reused, cleared', () => {
  const buffer = new CounterBuffer();
  const family = new Family(buffer, 2);
  const a = family.acquire({ name: 'a' });
  buffer.values[a.base + 1] = 5;
  family.release(a, 1000);
  assert.equal([...family.held()].length, 0);
  assert.equal([...family.retained(1000 + RETENTION_MS - 1)].length, 1);
  assert.equal([...family.retained(1000 + RETENTION_MS)].length, 0);
  const b = family.acquire({ name: 'b' });
  assert.deepEqual([b.base, family.read(b, 1)], [a.base, 0]);
});

test('a series that is acquired again within that time continues', () => {
  const buffer = new CounterBuffer();
  const family = new Family(buffer, 1);
  const a = family.acquire({ name: 'a' });
  buffer.values[a.base] = 5;
  family.release(a, 0);
  assert.deepEqual([family.size, family.isHeld({ name: 'a' })], [0, false]);
  assert.equal(family.read(family.acquire({ name: 'a' })), 5);
  assert.equal([...family.retained(RETENTION_MS * 10)].length, 1);
});

test('values survive growth of the buffer', () => {
  const buffer = new CounterBuffer();
  const family = new Family(buffer, 100);
  const first = family.acquire({ n: 'first' });
  buffer.values[first.base] = 7;
  for (let i = 0; i < 50; i++) family.acquire({ n: String(i) });
  assert.equal(family.read(first), 7);
});

test('a request that outlives its route and endpoint is counted, and no other slot changes', () => {
  let now = 0;
  const metrics = new RequestMetrics(() => now);
  const route = metrics.route('ns/p');
  const endpoint = metrics.endpointSet('ns/p/ns/s:80').endpoint('pod:1', '');
  route.begin();
  endpoint.begin();
  route.release();
  endpoint.release();
  now = RETENTION_MS * 2;
  assert.equal([...metrics.routes.retained(now)].length, 1, 'held by what is in flight');
  endpoint.end();
  route.done(200, undefined, { how: 'whole', bytesIn: 1, bytesOut: 2 }, 5);
  assert.equal([...metrics.requests.retained(now)].length, 1);
  now += RETENTION_MS;
  for (const family of [metrics.routes, metrics.requests, metrics.endpoints, metrics.duration]) {
    assert.equal([...family.retained(now)].length, 0);
  }
});

test('status codes beyond 599 count by class, whatever a backend sends', () => {
  const metrics = new RequestMetrics(() => 0);
  const route = metrics.route('ns/p');
  for (let code = 200; code <= 999; code++) {
    route.begin();
    route.done(code, undefined, { how: 'whole', bytesIn: 0, bytesOut: 0 }, 1);
  }
  const counts = new Map([...metrics.requests.held()].map((s) => [/code="(.*)"/.exec(s.text)?.[1], metrics.requests.read(s)]));
  assert.equal(counts.size, 400 + 4);
  for (const [code, count] of [
    ['599', 1],
    ['6xx', 100],
    ['7xx', 100],
    ['8xx', 100],
    ['9xx', 100],
  ] as const) {
    assert.equal(counts.get(code), count, code);
  }
  const [policy] = metrics.routes.held();
  assert.equal(policy && metrics.routes.read(policy, ROUTE_SLOT.failed), 500, 'failures, as on the stats page: 500 and above');
});

test('beyond 2,000 endpoints, further ones count together per Service and zone; gauges are their sums', () => {
  const metrics = new RequestMetrics(() => 0);
  const set = metrics.endpointSet('ns/p/shop/web:80');
  for (let i = 0; i < 2000; i++) set.endpoint(`pod-${i}:1`, 'a').describe(true, 1);
  const further = [1, 2, 3].map((weight) => {
    const endpoint = set.endpoint(`more-${weight}:1`, 'a');
    endpoint.describe(weight > 1, weight);
    endpoint.begin();
    return endpoint;
  });
  set.endpoint('pod-5:1', 'a').attempt('ok', 3);
  const shared = () => [...metrics.endpoints.held()].filter(({ text }) => text.includes('@'));
  const read = (slot: number) => shared().map((series) => metrics.endpoints.read(series, slot));
  assert.equal(metrics.endpoints.size, 2001);
  assert.deepEqual(
    shared().map(({ text }) => text),
    ['namespace="ns",policy="p",endpoint="shop/web:80@a"'],
  );
  assert.deepEqual([read(ENDPOINT_SLOT.healthy), read(ENDPOINT_SLOT.weight), read(ENDPOINT_SLOT.active)], [[2], [6], [3]]);
  further[2]?.release();
  assert.deepEqual([read(ENDPOINT_SLOT.healthy), read(ENDPOINT_SLOT.weight)], [[1], [3]]);
  further[2]?.end();
  assert.deepEqual(read(ENDPOINT_SLOT.active), [2]);
});
