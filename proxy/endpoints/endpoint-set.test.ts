import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BackgroundWork } from './background-work.ts';
import { hash64 } from '../balance/hash.ts';
import { LocalityAware } from '../balance/locality-aware.ts';
import { MaglevTables } from '../balance/maglev-tables.ts';
import type { Prober } from '../health/prober.ts';
import { RequestMetrics } from '../metrics/request-metrics.ts';
import { EndpointSet } from './endpoint-set.ts';
import type { EndpointState } from './endpoint-state.ts';
import { endpoint, PASSIVE } from '../testing.ts';
import type { Location } from '../snapshot/location.ts';
import { UNKNOWN_LOCATION } from '../snapshot/location.ts';
import type { Endpoint, PoolPart } from '../snapshot/types.ts';

const CHECK = { type: 'TCP', interval: 1000, timeout: 1000, unhealthyThreshold: 1, healthyThreshold: 1 } as const;
const AFFINITY = { maxEntries: 100, idleTimeout: 60_000, drain: 5000 };

/** An endpoint set on Rendezvous whose probes end when the test says so. */
function endpointSetOf(part: Partial<PoolPart> = {}) {
  const probes = new Map<string, (ok: boolean) => void>();
  const prober = {
    watch(target: { id: string }, _check: unknown, changed: () => void, result: (ok: boolean) => void) {
      const watch = { healthy: true, detail: '', stop: () => undefined };
      probes.set(target.id, (ok) => {
        watch.healthy = ok;
        changed();
        result(ok);
      });
      return watch;
    },
  } as unknown as Prober;
  const clock = { now: 0 };
  const now = () => clock.now;
  const whole: PoolPart = {
    loadBalancer: { type: 'ConsistentHash', consistentHash: { algorithm: 'Rendezvous', hashOn: { type: 'SourceIP' } } },
    healthCheck: { active: CHECK, passive: PASSIVE },
    endpoints: [],
    ...part,
  };
  const log = { checked: () => undefined, ejected: () => undefined, returned: () => undefined, panic: () => undefined };
  const deps = {
    prober,
    random: () => 0.5,
    now,
    log,
    news: () => undefined,
    joined: () => undefined,
    left: () => undefined,
    tables: new MaglevTables(),
  };
  const background = new BackgroundWork(now);
  const endpoints = new EndpointSet('default/p/default/echo:80', whole, {
    ...deps,
    background,
    metrics: new RequestMetrics(now).endpointSet('default/p'),
  });
  let digest = 0;
  return {
    endpoints,
    clock,
    probe: (id: string, ok: boolean) => probes.get(id)?.(ok),
    /** Until the tables are built. */
    update: async (wanted: readonly Endpoint[], location = UNKNOWN_LOCATION) => {
      endpoints.update({ ...whole, endpoints: wanted }, String(++digest), location);
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    },
    places: () => Array.from({ length: 200 }, (_, k) => endpoints.pick([], clock.now, hash64(`key-${k}`))?.id),
  };
}

describe('a new endpoint under Rendezvous', () => {
  const two = [endpoint(1), endpoint(2)];
  const three = [...two, endpoint(3)];

  test('yields its keys until its first probe has passed', async () => {
    const { update, probe, places } = endpointSetOf();
    await update(two);
    const before = places();
    await update(three);
    assert.deepEqual(places(), before);
    probe('e-3', true);
    assert.ok(places().includes('e-3'));
    await update([...three, endpoint(4)]);
    assert.ok(places().includes('e-3'), 'once is enough');
  });

  test('serves at once in a new set, and without probes', async () => {
    const fresh = endpointSetOf();
    await fresh.update(three);
    assert.equal(new Set(fresh.places()).size, 3);
    const unprobed = endpointSetOf({ healthCheck: { passive: PASSIVE } });
    await unprobed.update(two);
    await unprobed.update(three);
    assert.equal(new Set(unprobed.places()).size, 3);
  });
});

test('with affinity, a draining endpoint keeps its keys, but not once its probes fail', async () => {
  const hashOn = { type: 'SourceIP' } as const;
  const consistentHash = { algorithm: 'Rendezvous', hashOn, affinity: AFFINITY } as const;
  const { endpoints, update, probe, clock } = endpointSetOf({ loadBalancer: { type: 'ConsistentHash', consistentHash } });
  const three = [endpoint(1), endpoint(2), endpoint(3)];
  await update(three);
  const hash = hash64('key');
  const first = endpoints.pick([], 0, hash);
  assert.ok(first);
  endpoints.end(endpoints.begin(first, hash), 'ok', 1, 0);
  await update(three.map((e) => (e.id === first.id ? { ...e, state: 'draining' as const } : e)));
  assert.equal(endpoints.pick([], 0, hash), first);
  probe(first.id, false);
  assert.notEqual(endpoints.pick([], 0, hash), first);
  probe(first.id, true);
  assert.equal(endpoints.pick([], 0, hash), first);
  clock.now = AFFINITY.drain;
  assert.notEqual(endpoints.pick([], clock.now, hash), first);
});

describe('hints', () => {
  const plain = [endpoint(1), endpoint(2), endpoint(3)];
  const hinted = plain.map((e) => ({ ...e, hints: { zones: ['a'] } }));
  const here = { zone: 'a', node: 'n1' };
  const LEAST = { loadBalancer: { type: 'LeastConnections' }, healthCheck: { passive: PASSIVE } } as const;

  test('the first hints make the strategy locality-aware; those that come and go later cost no state', async () => {
    const { endpoints, update } = endpointSetOf(LEAST);
    await update(plain, here);
    assert.ok(!(endpoints.balancer instanceof LocalityAware));
    await update(hinted, here);
    const { balancer } = endpoints;
    assert.ok(balancer instanceof LocalityAware);
    const busy = endpoints.endpoints.slice(0, 2).map((e) => endpoints.begin(e));
    for (const wanted of [plain, hinted, plain]) {
      await update(wanted, here);
      assert.equal(endpoints.balancer, balancer);
      assert.equal(endpoints.pick([], 0)?.id, 'e-3', 'the only one without a request in flight');
    }
    for (const attempt of busy) endpoints.end(attempt, 'ok', 1, 0);
    const [a, b] = [1, 2].map(() => endpoints.begin(endpoints.pick([], 0) as EndpointState).endpoint.id);
    assert.notEqual(a, b);
  });

  test('a proxy that moves follows the hints for its new place', async () => {
    const { endpoints, update } = endpointSetOf(LEAST);
    const spread = plain.map((e, i) => ({ ...e, hints: { nodes: [`n${i + 1}`], zones: [i < 2 ? 'a' : 'b'] } }));
    const picked = async (location: Location) => {
      await update(spread, location);
      return [...new Set(Array.from({ length: 6 }, () => endpoints.pick([], 0)?.id))].sort().join(' ');
    };
    assert.equal(await picked(here), 'e-1');
    assert.equal(await picked({ zone: 'a', node: 'n2' }), 'e-2');
    assert.equal(await picked({ zone: 'a', node: 'n9' }), 'e-1 e-2');
    assert.equal(await picked({ zone: 'b', node: '' }), 'e-3');
    assert.equal(await picked({ zone: 'c', node: '' }), 'e-1 e-2 e-3');
    assert.equal(await picked(UNKNOWN_LOCATION), 'e-1 e-2 e-3');
  });

  test('with zoneAware the zone alone counts: hints and another Node change nothing', async () => {
    const { endpoints, update } = endpointSetOf({ ...LEAST, loadBalancer: { type: 'Random', zoneAware: { minEndpoints: 1 } } });
    const inZones = hinted.map((e, i) => ({ ...e, zone: i === 2 ? 'a' : 'b', hints: { zones: ['b'] } }));
    await update(inZones, here);
    const { balancer } = endpoints;
    await update(inZones, { ...here, node: 'n2' });
    assert.equal(endpoints.balancer, balancer);
    assert.equal(endpoints.pick([], 0)?.id, 'e-3');
  });
});

describe('slow start', () => {
  const slowly = { type: 'WeightedRoundRobin', slowStart: { window: 16_000, aggression: 1, minWeightPercent: 10 } } as const;
  const two = [endpoint(1), endpoint(2)];
  /** How many of 100 requests each endpoint gets. */
  const shares = ({ endpoints, clock }: ReturnType<typeof endpointSetOf>) => {
    const count: Record<string, number> = {};
    for (let i = 0; i < 100; i++) {
      const id = endpoints.pick([], clock.now)?.id ?? '-';
      count[id] = (count[id] ?? 0) + 1;
    }
    return count;
  };

  test('all endpoints of a new set have their full share', async () => {
    const p = endpointSetOf({ loadBalancer: slowly });
    await p.update(two);
    assert.deepEqual(shares(p), { 'e-1': 50, 'e-2': 50 });
  });

  test('a new endpoint starts with the minimum share and has its full share at the end of the window', async () => {
    const p = endpointSetOf({ loadBalancer: slowly });
    await p.update(two);
    p.clock.now = 1000;
    await p.update([...two, endpoint(3)]);
    const share = () => shares(p)['e-3'] ?? 0;
    assert.ok(share() <= 6, String(share()));
    p.clock.now = 9000;
    assert.equal(share(), 20);
    p.clock.now = 17_000;
    assert.ok(share() >= 33);
  });

  test('an endpoint that recovers starts again', async () => {
    const p = endpointSetOf({ loadBalancer: slowly });
    await p.update(two);
    p.probe('e-1', false);
    assert.deepEqual(shares(p), { 'e-2': 100 });
    p.clock.now = 5000;
    p.probe('e-1', true);
    assert.ok((shares(p)['e-1'] ?? 0) <= 10);
    p.clock.now = 21_000;
    assert.deepEqual(shares(p), { 'e-1': 50, 'e-2': 50 });
  });

  test('an endpoint that stops draining starts again; a changed weight does not restart it', async () => {
    const p = endpointSetOf({ loadBalancer: slowly });
    await p.update(two);
    await p.update([endpoint(1), endpoint(2, { weight: 3 })]);
    assert.deepEqual(shares(p), { 'e-1': 25, 'e-2': 75 });
    await p.update([endpoint(1), endpoint(2, { state: 'draining' })]);
    await p.update(two);
    assert.ok((shares(p)['e-2'] ?? 0) <= 10);
  });

  test('without other usable endpoints, starting endpoints have their full weight', async () => {
    const p = endpointSetOf({ loadBalancer: slowly });
    await p.update(two);
    await p.update([...two, endpoint(3), endpoint(4)]);
    p.probe('e-1', false);
    p.probe('e-2', false);
    assert.deepEqual(shares(p), { 'e-3': 50, 'e-4': 50 });
  });
});
