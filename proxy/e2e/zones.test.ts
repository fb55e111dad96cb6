/** Zones and hints from the client's side: which endpoints answer, and what is counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedPort, endpoint, get, httpBackend, opener, PASSIVE, POOL, statusOf } from '../testing.ts';
import type { TestProxy } from '../testing.ts';
import { UNKNOWN_LOCATION } from '../snapshot/location.ts';
import type { Location } from '../snapshot/location.ts';
import type { LoadBalancer, PoolPart } from '../snapshot/types.ts';

const { start, track } = opener();
const loadBalancer: LoadBalancer = { type: 'RoundRobin', zoneAware: { minEndpoints: 1 } };

/** Endpoints of real backends that answer with their zone. */
async function endpointsIn(...zones: string[]) {
  const started = zones.map(async (zone) => endpoint(track(await httpBackend((_req, res) => res.end(zone))).port, { zone }));
  return Promise.all(started);
}

/** How many of `n` requests each zone answered; each must be a 200. */
async function answers(proxy: TestProxy, n = 12): Promise<Record<string, number>> {
  const requests: Record<string, number> = {};
  for (let k = 0; k < n; k++) {
    const answer = await get(proxy.port);
    assert.equal(statusOf(answer), 200);
    const zone = answer.split('\r\n\r\n')[1] ?? '';
    requests[zone] = (requests[zone] ?? 0) + 1;
  }
  return requests;
}

const attempts = async (proxy: TestProxy) => {
  const text = await proxy.metrics();
  return ['local', 'other'].map((locality) => {
    const sample = `outrigger_zone_attempts_total{namespace="default",policy="p",locality="${locality}"} `;
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(sample))
        ?.slice(sample.length),
    );
  });
};

test('requests stay in the proxy’s zone, are counted there, and move when the zone changes', async () => {
  const spec = { endpoints: await endpointsIn('a', 'b', 'a', 'b'), part: { loadBalancer } };
  const proxy = await start({ ...spec, zone: 'a' });
  assert.deepEqual(await answers(proxy), { a: 12 });
  assert.deepEqual(await attempts(proxy), [12, 0]);
  assert.match(await proxy.metrics(), /^outrigger_zone_info\{zone="a"\} 1$/m);
  await proxy.apply({ ...spec, zone: 'b' });
  assert.deepEqual(await answers(proxy), { b: 12 });
  assert.match(await proxy.metrics(), /^outrigger_zone_info\{zone="b"\} 1$/m);
});

test('without a zone of the proxy, or without zoneAware in the policy, all zones are equal', async () => {
  const endpoints = await endpointsIn('a', 'b');
  const unknown = await start({ endpoints, part: { loadBalancer } });
  assert.deepEqual(await answers(unknown), { a: 6, b: 6 });
  assert.doesNotMatch(await unknown.metrics(), /^outrigger_zone_attempts_total\{/m);
  const unasked = await start({ endpoints, zone: 'a' });
  assert.deepEqual(await answers(unasked), { a: 6, b: 6 });
});

test('a change of zone with an unchanged pool is applied; requests in progress end in the old table', async () => {
  const endpoints = await endpointsIn('a', 'b');
  const proxy = await start({ endpoints, part: { loadBalancer }, zone: 'a' });
  const pool = proxy.runtime.endpointSets.get(POOL);
  assert.ok(pool);
  const part: PoolPart = { loadBalancer, healthCheck: { passive: PASSIVE }, endpoints };
  pool.update(part, 'same', { zone: 'a', node: '' });
  const held = pool.pick([], 0);
  assert.equal(held?.zone, 'a');
  const handle = pool.begin(held);
  pool.update(part, 'same', { zone: 'b', node: '' });
  pool.end(handle, 'ok', 1, 0);
  assert.deepEqual(await answers(proxy), { b: 12 });
  pool.update(part, 'same', UNKNOWN_LOCATION);
  assert.deepEqual(await answers(proxy), { a: 6, b: 6 });
});

test('an endpoint that changes its zone is used in the new one', async () => {
  const endpoints = await endpointsIn('a', 'b');
  const proxy = await start({ endpoints, part: { loadBalancer }, zone: 'a' });
  assert.deepEqual(await answers(proxy), { a: 12 });
  const swapped = endpoints.map((e) => ({ ...e, zone: e.zone === 'a' ? 'b' : 'a' }));
  await proxy.apply({ endpoints: swapped, part: { loadBalancer }, zone: 'a' });
  assert.deepEqual(await answers(proxy), { b: 12 });
});

test('a zone whose endpoints cannot be reached: no request fails', async () => {
  const dead = await Promise.all([1, 2, 3, 4].map(async () => endpoint(await closedPort(), { zone: 'a' })));
  const proxy = await start({ endpoints: [...dead, ...(await endpointsIn('b'))], part: { loadBalancer }, zone: 'a' });
  assert.deepEqual(await answers(proxy, 30), { b: 30 });
  const [local = 0, other] = await attempts(proxy);
  assert.ok(local >= 3, `${local} tries in the local zone`);
  assert.equal(other, 30);
});

/** Endpoints that answer with their Node, each hinted for its Node and zone as with `trafficDistribution: PreferSameNode`. */
async function endpointsOn(...places: readonly Location[]) {
  const started = places.map(async ({ zone, node }) => {
    const backend = track(await httpBackend((_req, res) => res.end(node)));
    return endpoint(backend.port, { zone, hints: { nodes: [node], zones: [zone] } });
  });
  return Promise.all(started);
}

const PLACES = [
  { zone: 'a', node: 'n1' },
  { zone: 'a', node: 'n2' },
  { zone: 'b', node: 'n3' },
];

test('hints: requests stay on the proxy’s Node, else in its zone, and are counted as local', async () => {
  const endpoints = await endpointsOn(...PLACES);
  const proxy = await start({ endpoints, zone: 'a', node: 'n1' });
  assert.deepEqual(await answers(proxy), { n1: 12 });
  assert.deepEqual(await attempts(proxy), [12, 0]);
  await proxy.apply({ endpoints: endpoints.slice(1), zone: 'a', node: 'n1' });
  assert.deepEqual(await answers(proxy), { n2: 12 });
  assert.deepEqual(await attempts(proxy), [24, 0]);
  await proxy.apply({ endpoints: endpoints.slice(2), zone: 'a', node: 'n1' });
  assert.deepEqual(await answers(proxy), { n3: 12 });
  assert.deepEqual(await attempts(proxy), [24, 12]);
  await proxy.apply({ endpoints, zone: 'b', node: 'n4' });
  assert.deepEqual(await answers(proxy), { n3: 12 });
});

test('hints: where one active endpoint has none, all are equal', async () => {
  const endpoints = (await endpointsOn(...PLACES)).map((hinted, i) => {
    const { hints: _, ...bare } = hinted;
    return i === 2 ? bare : hinted;
  });
  const proxy = await start({ endpoints, zone: 'a', node: 'n1' });
  assert.deepEqual(await answers(proxy), { n1: 4, n2: 4, n3: 4 });
});

test('hints: a Node whose only endpoint cannot be reached: no request fails', async () => {
  const dead = endpoint(await closedPort(), { zone: 'a', hints: { nodes: ['n0'], zones: ['a'] } });
  const proxy = await start({ endpoints: [dead, ...(await endpointsOn(...PLACES))], zone: 'a', node: 'n0' });
  assert.deepEqual(await answers(proxy, 30), { n1: 10, n2: 10, n3: 10 });
});
