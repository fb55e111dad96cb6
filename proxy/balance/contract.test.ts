import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Balancer, EndpointView, Handle, EndpointViews } from './balancer.ts';
import type { LoadBalancer, PlainStrategy } from '../snapshot/types.ts';
import { hash64 } from './hash.ts';
import { PLAIN_STRATEGIES } from '../snapshot/load-balancer.ts';
import { createBalancer } from './strategies.ts';
import { MaglevTables } from './maglev-tables.ts';
import { seeded } from './testing.ts';

const ids = (...names: string[]): EndpointViews => names.map((id) => ({ id, weight: 1 }));

function context(tried: readonly number[] = [], random = seeded(1), now = 0) {
  return { tried, now, random };
}

/** Picks `n` times without beginning a request; returns how often each index came. */
function count(b: Balancer, n: number, tried: readonly number[] = [], random = seeded(2)): Map<number, number> {
  const seen = new Map<number, number>();
  for (let k = 0; k < n; k++) {
    const i = b.pick(context(tried, random));
    seen.set(i, (seen.get(i) ?? 0) + 1);
  }
  return seen;
}

const hashOn = { type: 'SourceIP' } as const;
const affinity = { maxEntries: 4, idleTimeout: 1000, drain: 1000 };
const MAGLEV = { algorithm: 'Maglev', tableSize: 251, hashOn } as const;
const RENDEZVOUS = { algorithm: 'Rendezvous', hashOn } as const;
const SPECS: Readonly<Record<string, LoadBalancer>> = {
  ...Object.fromEntries(PLAIN_STRATEGIES.map((type) => [type, { type }])),
  Maglev: { type: 'ConsistentHash', consistentHash: MAGLEV },
  Rendezvous: { type: 'ConsistentHash', consistentHash: RENDEZVOUS },
  'Maglev with affinity': { type: 'ConsistentHash', consistentHash: { ...MAGLEV, affinity } },
  'Rendezvous with affinity': { type: 'ConsistentHash', consistentHash: { ...RENDEZVOUS, affinity } },
};

/** Completes at once what an update leaves for later. */
function prompt(b: Balancer): Balancer {
  const update = b.update.bind(b);
  b.update = (view, now) => {
    update(view, now);
    for (let n = 0; b.step?.(100_000) === false; n++) assert.ok(n < 10_000, 'a step that never ends');
  };
  return b;
}

type ZoneOf = (id: string, updates: number) => string;

/** The same strategies behind LocalityAware; `zoneOf` gives the zone of an endpoint after so many updates. */
function zoned(type: PlainStrategy, seed: number, minEndpoints: number, zoneOf: ZoneOf): Balancer {
  const b = createBalancer({ type }, seed, new MaglevTables(), { by: 'zone', zone: 'here', node: '', minEndpoints });
  const update = b.update.bind(b);
  let updates = 0;
  b.update = (view, now) => {
    updates++;
    update(
      view.map((e) => ({ zone: zoneOf(e.id, updates), ...e })),
      now,
    );
  };
  return b;
}

const ZONED = PLAIN_STRATEGIES.flatMap((type): [string, (seed?: number) => Balancer][] => [
  [`${type}, all in the proxy’s zone`, (seed = 0) => zoned(type, seed, 1, () => 'here')],
  [`${type}, none in the proxy’s zone`, (seed = 0) => zoned(type, seed, 1, () => 'there')],
  [
    `${type}, in the proxy’s zone after every other update`,
    (seed = 0) => zoned(type, seed, 1, (_, updates) => (updates % 2 === 0 ? 'here' : 'there')),
  ],
  [
    `${type} in two zones, too few to prefer one`,
    (seed = 0) => zoned(type, seed, 1001, (id) => (id.charCodeAt(0) % 2 === 0 ? 'here' : 'there')),
  ],
]);

const CASES = Object.entries(SPECS).flatMap(([name, lb]): [string, (seed?: number) => Balancer][] => {
  const make = (seed = 0) => createBalancer(lb, seed, new MaglevTables());
  const tables = lb.type === 'ConsistentHash';
  return tables
    ? [
        [`${name}, no table ready`, make],
        [name, (seed) => prompt(make(seed))],
      ]
    : [[name, make]];
});

for (const [name, make] of [...CASES, ...ZONED]) {
  describe(name, () => {
    test('picks -1 before the first update and without endpoints', () => {
      const b = make();
      assert.equal(b.pick(context()), -1);
      b.update([], 0);
      assert.equal(b.pick(context()), -1);
    });

    test('serves a single endpoint repeatedly', () => {
      const b = make(12345);
      b.update(ids('a'), 0);
      assert.deepEqual(count(b, 10), new Map([[0, 10]]));
      assert.equal(b.pick(context([0])), -1);
    });

    test('reaches every endpoint', () => {
      const b = make();
      b.update(ids('a', 'b', 'c'), 0);
      assert.deepEqual([...count(b, 100).keys()].sort(), [0, 1, 2]);
    });

    test('never picks an unusable endpoint, and picks it again once usable', () => {
      const b = make();
      b.update(ids('a', 'b', 'c'), 0);
      b.setUsable(1, false);
      assert.equal(count(b, 100).has(1), false);
      b.setUsable(1, true);
      assert.equal(count(b, 100).has(1), true);
    });

    test('never picks weight 0, whatever `setUsable` says', () => {
      const b = make();
      b.update([{ id: 'a', weight: 0 }, ...ids('b')], 0);
      b.setUsable(0, true);
      assert.deepEqual(count(b, 100), new Map([[1, 100]]));
      b.update([{ id: 'a', weight: 0 }], 0);
      assert.equal(b.pick(context()), -1);
    });

    test('an invalid weight counts as 0', () => {
      const b = make();
      b.update(
        [-1, NaN, Infinity, -Infinity, 1].map((weight, i) => ({ id: `e${i}`, weight })),
        0,
      );
      assert.deepEqual(count(b, 100), new Map([[4, 100]]));
      b.update(
        [-1, NaN].map((weight, i) => ({ id: `e${i}`, weight })),
        0,
      );
      assert.equal(b.pick(context()), -1);
    });

    test('all weights 0: none, until one is raised', () => {
      const b = make();
      b.update(
        ids('a', 'b').map((e) => ({ ...e, weight: 0 })),
        0,
      );
      assert.equal(b.pick(context()), -1);
      b.update(ids('a', 'b'), 1);
      assert.deepEqual([...count(b, 100).keys()].sort(), [0, 1]);
    });

    test('never picks a tried endpoint; -1 if all were tried', () => {
      const b = make();
      b.update(ids('a', 'b', 'c'), 0);
      assert.deepEqual(count(b, 50, [0, 2]), new Map([[1, 50]]));
      assert.equal(b.pick(context([2, 0, 1])), -1);
    });

    test('finds the only usable endpoint among many, however small its weight', () => {
      const b = make();
      b.update(
        Array.from({ length: 1000 }, (_, i) => ({ id: `e${i}`, weight: i === 777 ? 0.001 : 1000 })),
        0,
      );
      for (let i = 0; i < 1000; i++) b.setUsable(i, i === 777);
      assert.deepEqual(count(b, 20), new Map([[777, 20]]));
      b.setUsable(777, false);
      assert.equal(b.pick(context()), -1);
    });

    test('an extreme random source neither hangs nor misses', () => {
      const b = make();
      b.update(ids('a', 'b', 'c'), 0);
      b.setUsable(0, false);
      b.setUsable(2, false);
      for (const u of [0, 1 - 2 ** -53]) assert.equal(b.pick(context([], () => u)), 1);
    });

    test('keeps usability over an update, at whatever index', () => {
      const b = make();
      b.update(ids('a', 'b', 'c'), 0);
      b.setUsable(1, false);
      b.update(ids('z', 'c', 'b', 'a'), 0);
      const seen = count(b, 200);
      assert.deepEqual([...seen.keys()].sort(), [0, 1, 3]);
    });

    test('an endpoint that left and came back is new', () => {
      const b = make();
      b.update(ids('a', 'b'), 0);
      b.setUsable(0, false);
      b.update(ids('b'), 0);
      b.update(ids('a', 'b'), 0);
      assert.equal(count(b, 100).has(0), true);
    });

    test('ends a handle after its endpoint moved, left, or came back', () => {
      const b = make();
      b.update(ids('a', 'b'), 0);
      const moved = b.begin(0);
      const left = b.begin(1);
      b.update(ids('x', 'a'), 0);
      b.end(moved, true, 1, 1);
      b.end(left, false, 1, 1);
      b.update(ids('b', 'a'), 0);
      assert.deepEqual([...count(b, 100).keys()].sort(), [0, 1]);
    });

    test('any sequence of calls keeps the contract', () => {
      fc.assert(
        fc.property(fc.integer(), fc.array(step(), { maxLength: 60 }), (seed, steps) => run(make(seed), seed, steps)),
        { numRuns: 150 },
      );
    });
  });
}

type Step =
  | { do: 'update'; view: EndpointView[] }
  | { do: 'usable'; at: number; on: boolean }
  | { do: 'pick'; tried: number[]; ok: boolean | undefined; keep: boolean; key: string | undefined }
  | { do: 'end' }
  | { do: 'step'; budget: number };

function step(): fc.Arbitrary<Step> {
  const endpoint = fc.record({
    id: fc.constantFrom(...'abcdefgh'),
    weight: fc.constantFrom(0, 0.1, 1, 1, 2, 7, 1000),
    state: fc.constantFrom('active', 'active', 'draining', 'filling'),
    zone: fc.constantFrom('here', 'there', ''),
  });
  return fc.oneof(
    fc.record({
      do: fc.constant('update' as const),
      view: fc.uniqueArray(endpoint, { selector: (e) => e.id, maxLength: 8 }),
    }),
    fc.record({ do: fc.constant('usable' as const), at: fc.nat(7), on: fc.boolean() }),
    fc.record({
      do: fc.constant('pick' as const),
      tried: fc.uniqueArray(fc.nat(7), { maxLength: 4 }),
      ok: fc.option(fc.boolean(), { nil: undefined }),
      keep: fc.boolean(),
      key: fc.option(fc.constantFrom('k', 'l', 'm', 'n', 'o'), { nil: undefined }),
    }),
    fc.record({ do: fc.constant('step' as const), budget: fc.nat(200) }),
    fc.record({ do: fc.constant('end' as const) }),
  );
}

/** Drives a balancer beside a simple model of which endpoints may be picked. */
function run(b: Balancer, seed: number, steps: readonly Step[]): void {
  const random = seeded(seed);
  let view: EndpointViews = [];
  let out = new Set<string>();
  const inFlight: Handle[] = [];
  let now = 0;
  for (const s of steps) {
    now += 10;
    if (s.do === 'update') {
      view = s.view;
      out = new Set([...out].filter((id) => view.some((e) => e.id === id)));
      b.update(view, now);
    } else if (s.do === 'usable') {
      const endpoint = view[s.at];
      if (endpoint === undefined) continue;
      if (s.on) out.delete(endpoint.id);
      else out.add(endpoint.id);
      b.setUsable(s.at, s.on);
    } else if (s.do === 'step') {
      b.step?.(s.budget);
    } else if (s.do === 'end') {
      const handle = inFlight.shift();
      if (handle !== undefined) b.end(handle, true, 5, now);
    } else {
      const may = view.flatMap((e, i) => (e.weight > 0 && !out.has(e.id) && !s.tried.includes(i) ? [i] : []));
      const hash = s.key === undefined ? undefined : hash64(s.key);
      const i = b.pick({ tried: s.tried, now, random, hash });
      if (may.length === 0) assert.equal(i, -1);
      else assert.ok(may.includes(i), `picked ${i}, may be ${may.join()}`);
      if (i < 0) continue;
      const handle = b.begin(i, hash);
      if (s.keep) inFlight.push(handle);
      else b.end(handle, s.ok, 5, now);
    }
  }
}
