/** Consistent hashing from the client's side: what a key is made of, and that it stays at its endpoint. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RouteState } from '../request/route-state.ts';
import { eventually, endpoint, get, httpBackend, opener, POOL, RETRY, statusOf, TIMEOUTS } from '../testing.ts';
import type { Backend, TestProxy } from '../testing.ts';
import { hash64 } from '../balance/hash.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import type { RouteMetrics } from '../metrics/route-metrics.ts';
import type { ConsistentHash, HashOn, LoadBalancer, Route } from '../snapshot/types.ts';

const { start, track } = opener();

async function backends(n: number): Promise<Backend[]> {
  const started: Backend[] = [];
  for (let i = 0; i < n; i++) started.push(track(await httpBackend((_req, res) => res.end(`b${i}`))));
  return started;
}

const on = (hashOn: HashOn, more: Partial<ConsistentHash> = {}): LoadBalancer => ({
  type: 'ConsistentHash',
  consistentHash: { algorithm: 'Maglev', tableSize: 251, hashOn, ...more } as ConsistentHash,
});
const HEADER = { type: 'Header', name: 'x-user' } as const;
const bodyOf = (answer: string) => answer.split('\r\n\r\n')[1] ?? '';
const user = async (proxy: TestProxy, name: string) => bodyOf(await get(proxy.port, '/', `X-User: ${name}\r\n`));
const cookieOf = (answer: string) => /^set-cookie: (.*)\r$/im.exec(answer)?.[1];

for (const algorithm of ['Maglev', 'Rendezvous'] as const) {
  test(`${algorithm}: a key always has the same endpoint, also on another proxy; other keys have others`, async () => {
    const endpoints = (await backends(4)).map((b) => endpoint(b.port));
    const part = { loadBalancer: on(HEADER, { algorithm }) };
    const [one, other] = [await start({ endpoints, part }), await start({ endpoints: [...endpoints].reverse(), part })];
    // Tables are built between requests: until both are complete, a key may go to any endpoint.
    await eventually(() => one.runtime.endpointSets.size + other.runtime.endpointSets.size === 2);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    const used = new Set<string>();
    // With 20 keys, one of four endpoints has none in 1 of 80 runs, since ports differ; with 80, in 1 of 10⁹.
    for (let k = 0; k < 80; k++) {
      const place = await user(one, `u${k}`);
      assert.equal(await user(one, `u${k}`), place);
      assert.equal(await user(other, `u${k}`), place);
      used.add(place);
    }
    assert.equal(used.size, 4);
  });
}

test('a header that no client sends: requests are spread over all endpoints', async () => {
  const proxy = await start({ endpoints: (await backends(3)).map((b) => endpoint(b.port)), part: { loadBalancer: on(HEADER) } });
  const requests = new Map<string, number>();
  for (let k = 0; k < 60; k++) {
    const place = bodyOf(await get(proxy.port));
    requests.set(place, (requests.get(place) ?? 0) + 1);
  }
  assert.equal(requests.size, 3);
  assert.ok(Math.max(...requests.values()) < 45, JSON.stringify([...requests]));
});

describe('hash on a cookie', () => {
  const cookie = { type: 'Cookie', name: 'place', ttl: 60_000 } as const;

  test('a client without it gets one, and comes back to the same endpoint', async () => {
    const proxy = await start({
      endpoints: (await backends(5)).map((b) => endpoint(b.port)),
      part: { loadBalancer: on(cookie) },
    });
    for (let k = 0; k < 5; k++) {
      const first = await get(proxy.port);
      const line = cookieOf(first) ?? '';
      assert.match(line, /^place=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=60$/);
      const again = await get(proxy.port, '/', `Cookie: a=b; ${line.split(';')[0]}\r\n`);
      assert.equal(bodyOf(again), bodyOf(first));
      assert.equal(cookieOf(again), undefined);
    }
  });

  test('a value that the client made up only selects an endpoint', async () => {
    const proxy = await start({
      endpoints: (await backends(3)).map((b) => endpoint(b.port)),
      part: { loadBalancer: on(cookie) },
    });
    for (const value of ['x', '%00', 'a'.repeat(5000), '"quoted"']) {
      const answer = await get(proxy.port, '/', `Cookie: place=${value}\r\n`);
      assert.equal(statusOf(answer), 200);
      assert.equal(cookieOf(answer), undefined);
    }
  });

  test('cookies of the backend stay beside the proxy’s; a local reply has none', async () => {
    const own = track(await httpBackend((_req, res) => res.setHeader('set-cookie', ['a=1', 'b=2']).end('ok')));
    const proxy = await start({ endpoints: [endpoint(own.port)], part: { loadBalancer: on(cookie) } });
    assert.equal((await get(proxy.port)).match(/^set-cookie:/gim)?.length, 3);
    await proxy.apply({ endpoints: [], part: { loadBalancer: on(cookie) } });
    const refused = await get(proxy.port);
    assert.equal(statusOf(refused), 503);
    assert.equal(cookieOf(refused), undefined);
  });
});

test('affinity: keys in use stay while endpoints join or drain, and are counted', async () => {
  const all = (await backends(6)).map((b) => endpoint(b.port));
  const affinity = { maxEntries: 100, idleTimeout: 60_000, drain: 60_000 };
  const part = { loadBalancer: on(HEADER, { affinity }) };
  const proxy = await start({ endpoints: all.slice(0, 3), part });
  const users = Array.from({ length: 12 }, (_, k) => `u${k}`);
  const before: string[] = [];
  for (const name of users) before.push(await user(proxy, name));
  await proxy.apply({ endpoints: all.map((e, i) => (i === 0 ? { ...e, state: 'draining' as const } : e)), part });
  for (const [k, name] of users.entries()) assert.equal(await user(proxy, name), before[k]);
  const metrics = await proxy.metrics();
  assert.match(metrics, /outrigger_affinity_hits_total\{namespace="default",policy="p"\} 12/);
  assert.match(metrics, /outrigger_affinity_misses_total\{namespace="default",policy="p"\} 12/);
  assert.match(metrics, /outrigger_affinity_evictions_total\{namespace="default",policy="p"\} 0/);
});

test('a failed request is tried on another endpoint, and its key moves there when that succeeds', async () => {
  const [good, bad] = [
    track(await httpBackend((_req, res) => res.end('good'))),
    track(await httpBackend((_req, res) => res.writeHead(503).end('bad'))),
  ];
  const affinity = { maxEntries: 100, idleTimeout: 60_000, drain: 0 };
  const proxy = await start({
    endpoints: [endpoint(good.port), endpoint(bad.port)],
    part: { loadBalancer: on(HEADER, { affinity }) },
  });
  for (let k = 0; k < 8; k++) assert.equal(await user(proxy, `u${k}`), 'good');
  const tries = proxy.records.length;
  for (let k = 0; k < 8; k++) await user(proxy, `u${k}`);
  assert.ok(proxy.records.slice(tries).every((r) => r.tries === 1));
});

describe('a split by backendRefs', () => {
  const pool = (id: string): EndpointSet => ({ id, hashOn: HEADER }) as unknown as EndpointSet;
  const route = (policy: string, weights: Readonly<Record<string, number>>): Route => ({
    policy,
    generation: 1,
    created: 0,
    hostnames: [],
    matches: [],
    destinations: Object.entries(weights).map(([id, weight]) => ({ pool: id, weight })),
    retry: RETRY,
    timeouts: TIMEOUTS,
    accessLog: { enabled: false, samplePercent: 100 },
  });
  const state = (policy: string, weights: Readonly<Record<string, number>>) =>
    new RouteState(route(policy, weights), new Map(Object.keys(weights).map((id) => [id, pool(id)])), {} as RouteMetrics);
  const split = (s: RouteState, key: string) => s.nextSet(0, () => 0, hash64(key))?.id ?? '-';
  const keys = Array.from({ length: 20_000 }, (_, k) => `key-${k}`);

  test('a key always goes to the same backend, keys in proportion to weights', () => {
    const s = state('default/p', { a: 1, b: 3, c: 0 });
    const places = keys.map((key) => split(s, key));
    assert.deepEqual(
      places,
      keys.map((key) => split(state('default/p', { a: 1, b: 3, c: 0 }), key)),
    );
    const a = places.filter((id) => id === 'a').length / keys.length;
    assert.ok(Math.abs(a - 0.25) < 0.01, String(a));
    assert.equal(places.includes('c'), false);
  });

  test('policies split keys independently of each other', () => {
    const [one, other] = [state('default/p', { a: 1, b: 1 }), state('default/q', { a: 1, b: 1 })];
    const same = keys.filter((key) => split(one, key) === split(other, key)).length / keys.length;
    assert.ok(Math.abs(same - 0.5) < 0.02, String(same));
  });

  test('requests without a key are served in rotation', () => {
    const s = state('default/p', { a: 1, b: 1 });
    assert.deepEqual(
      [1, 2, 3, 4].map(() => s.nextSet(0, () => 0)?.id),
      ['a', 'b', 'a', 'b'],
    );
  });

  test('whatever the weights, 1,000 requests without a key are shared exactly within 1%', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(weights, (given) => {
        const s = state('default/p', Object.fromEntries(given.map((weight, i) => [`p${i}`, weight])));
        const count = new Map<string, number>();
        for (let i = 0; i < 1000; i++) {
          const id = s.nextSet(0, () => 0)?.id ?? '-';
          count.set(id, (count.get(id) ?? 0) + 1);
        }
        const total = given.reduce((sum, weight) => sum + weight, 0);
        given.forEach((weight, i) => {
          const off = (count.get(`p${i}`) ?? 0) - (1000 * weight) / total;
          assert.ok(Math.abs(off) <= 10, `backend ${i}: ${off}`);
        });
      }),
    );
  });

  test('all weights 0: no backend', () => assert.equal(split(state('default/p', { a: 0 }), 'k'), '-'));
});

test('a change of the key’s source takes effect at once', async () => {
  const endpoints = (await backends(3)).map((b) => endpoint(b.port));
  const proxy = await start({ endpoints, part: { loadBalancer: { type: 'RoundRobin' } } });
  assert.equal(proxy.runtime.endpointSets.get(POOL)?.hashOn, undefined);
  await proxy.apply({ endpoints, part: { loadBalancer: on({ type: 'Path' }) } });
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  const places = new Set<string>();
  for (let k = 0; k < 10; k++) places.add(bodyOf(await get(proxy.port, `/same?${k}`)));
  assert.equal(places.size, 1);
});
