import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PlainStrategy } from '../snapshot/types.ts';
import type { Balancer, EndpointView, Handle } from './balancer.ts';
import { PLAIN_STRATEGIES } from '../snapshot/load-balancer.ts';
import { createBalancer } from './strategies.ts';
import { MaglevTables } from './maglev-tables.ts';
import { seeded } from './testing.ts';
import { LocalityAware } from './locality-aware.ts';

const make = (type: PlainStrategy = 'RoundRobin', minEndpoints = 1, seed = 7) =>
  createBalancer({ type }, seed, new MaglevTables(), { by: 'zone', zone: 'a', node: '', minEndpoints }) as LocalityAware;

/** For a proxy on Node `n` in zone `a`. */
const makeHinted = (type: PlainStrategy) =>
  createBalancer({ type }, 7, new MaglevTables(), { by: 'hints', zone: 'a', node: 'n', minEndpoints: 1 }) as LocalityAware;

/** `a3 b2`: three endpoints in zone a, two in zone b. */
function zones(text: string, more: Partial<EndpointView> = {}): EndpointView[] {
  return text.split(' ').flatMap((part) => {
    const zone = part.slice(0, 1);
    return Array.from({ length: Number(part.slice(1)) }, (_, n) => ({ id: `${zone}${n}`, weight: 1, zone, ...more }));
  });
}

function pick(b: Balancer, tried: readonly number[] = [], random = seeded(3)): number {
  return b.pick({ tried, now: 0, random });
}

/** The zones of `n` picks. */
function shares(b: Balancer, view: readonly EndpointView[], n = 1000, tried: readonly number[] = []): Record<string, number> {
  const random = seeded(5);
  const seen: Record<string, number> = {};
  for (let k = 0; k < n; k++) {
    const zone = view[pick(b, tried, random)]?.zone ?? '-';
    seen[zone] = (seen[zone] ?? 0) + 1;
  }
  return seen;
}

const near = (actual: number | undefined, wanted: number) =>
  assert.ok(Math.abs((actual ?? 0) - wanted) <= 1, `${actual} instead of ${wanted}`);

for (const type of PLAIN_STRATEGIES) {
  describe(type, () => {
    test('keeps all traffic while 70% of the local weight is usable; below that, overflows in proportion', () => {
      const b = make(type);
      const view = zones('a10 b10');
      b.update(view, 0);
      const local = [10, 9, 8, 7, 6, 5, 4, 3].map((left) => {
        for (let i = 0; i < 10; i++) b.setUsable(i, i < left);
        return shares(b, view)['a'] ?? 0;
      });
      const wanted = [1, 1, 1, 1, 0.6 / 0.7, 0.5 / 0.7, 0.4 / 0.7, 0.3 / 0.7].map((share) => share * 1000);
      local.forEach((share, i) => near(share, wanted[i] as number));
    });

    test('without usable local endpoints all traffic goes to other zones, and comes back', () => {
      const b = make(type);
      const view = zones('a2 b2');
      b.update(view, 0);
      for (const i of [0, 1]) b.setUsable(i, false);
      assert.deepEqual(shares(b, view), { b: 1000 });
      for (const i of [0, 1]) b.setUsable(i, true);
      assert.deepEqual(shares(b, view), { a: 1000 });
      b.update(view.slice(2), 0);
      assert.deepEqual(shares(b, view.slice(2)), { b: 1000 });
    });

    test('without usable endpoints elsewhere, the rest of the zone serves', () => {
      const b = make(type);
      const view = zones('a10 b1');
      b.update(view, 0);
      for (let i = 1; i < 11; i++) b.setUsable(i, false);
      assert.deepEqual(shares(b, view), { a: 1000 });
    });
  });
}

test('too few local endpoints are not preferred: each gets its share by weight', () => {
  const b = make('LeastRequest', 3);
  const view = zones('a2 b6');
  b.update(view, 0);
  near(shares(b, view)['a'], 250);
  const three = zones('a3 b6');
  b.update(three, 0);
  assert.deepEqual(shares(b, three), { a: 1000 });
  b.setUsable(0, false);
  near(shares(b, three)['a'], 250);
});

test('never below the share without preference', () => {
  const b = make('Random');
  const view = zones('a20 b1');
  b.update(view, 0);
  for (let i = 0; i < 10; i++) b.setUsable(i, false);
  near(shares(b, view)['a'], (1000 * 10) / 11);
});

test('capacity is by weight, and weight 0 does not count', () => {
  const b = make('Random');
  const view = zones('a4 b4').map((e) => ({ ...e, weight: { a0: 7, a1: 2, a2: 1, a3: 0 }[e.id] ?? 1 }));
  b.update(view, 0);
  for (const i of [1, 2]) b.setUsable(i, false);
  assert.deepEqual(shares(b, view), { a: 1000 });
  b.setUsable(0, false);
  b.setUsable(1, true);
  near(shares(b, view)['a'], 1000 * Math.max(0.2 / 0.7, 2 / 6));
});

test('a draining endpoint does not reduce the capacity: the others keep the traffic of the zone', () => {
  const b = make('LeastRequest');
  const view = zones('a3 b3').map((e) => (e.id < 'a2' ? { ...e, state: 'draining' as const } : e));
  b.update(view, 0);
  for (const i of [0, 1]) b.setUsable(i, false);
  assert.deepEqual(shares(b, view), { a: 1000 });
});

test('a second attempt stays in the zone, whatever the share; any further one leaves it', () => {
  const b = make('LeastRequest');
  const view = zones('a10 b10');
  b.update(view, 0);
  for (let i = 3; i < 10; i++) b.setUsable(i, false);
  assert.deepEqual(shares(b, view, 100, [15]), { a: 100 });
  assert.deepEqual(shares(b, view, 100, [0]), { a: 100 });
  assert.deepEqual(shares(b, view, 100, [0, 1]), { b: 100 });
});

test('further attempts go where untried endpoints are left', () => {
  const b = make('LeastRequest');
  const view = zones('a3 b1');
  b.update(view, 0);
  assert.deepEqual(shares(b, view, 100, [0, 1, 3]), { a: 100 });
  b.update(zones('a1 b3'), 0);
  assert.deepEqual(shares(b, zones('a1 b3'), 100, [0]), { b: 100 });
});

test('further attempts are spread if the zone is not preferred', () => {
  const b = make('LeastRequest', 4);
  const view = zones('a3 b3');
  b.update(view, 0);
  near(shares(b, view, 1000, [0])['a'], 500);
});

test('requests in flight are counted in the zone where they began, over updates', () => {
  const b = make('LeastConnections');
  const view = zones('a2 b2');
  b.update(view, 0);
  const held = [b.begin(0), b.begin(0), b.begin(1)];
  assert.equal(pick(b), 1);
  const reordered = [...view].reverse();
  b.update(reordered, 0);
  assert.equal(reordered[pick(b)]?.id, 'a1');
  for (const h of held.slice(0, 2)) b.end(h, true, 1, 0);
  assert.equal(reordered[pick(b)]?.id, 'a0');
});

test('an endpoint that moves to another zone stays unusable, and its requests end', () => {
  const b = make('LeastConnections');
  const view = zones('a2 b2');
  b.update(view, 0);
  b.setUsable(0, false);
  const held = b.begin(1);
  const moved = view.map((e) => (e.id < 'a2' ? { ...e, zone: 'b' } : { ...e, zone: 'a' }));
  b.update(moved, 0);
  b.end(held, true, 1, 0);
  assert.deepEqual(shares(b, moved), { a: 1000 });
  for (const i of [2, 3]) b.setUsable(i, false);
  for (let k = 0; k < 20; k++) assert.equal(pick(b), 1);
});

/** Where `n` requests go that are in flight together, by id; LeastConnections fills up those that have fewer. */
function filled(b: Balancer, view: readonly EndpointView[], n: number): Record<string, number> {
  const seen: Record<string, number> = {};
  const begun = Array.from({ length: n }, () => {
    const i = pick(b);
    const id = view[i]?.id ?? '-';
    seen[id] = (seen[id] ?? 0) + 1;
    return b.begin(i);
  });
  for (const h of begun) b.end(h, true, 1, 0);
  return seen;
}

test('hints that come and go move endpoints with their requests in flight', () => {
  const b = makeHinted('LeastConnections');
  const plain = ['e0', 'e1', 'e2'].map((id) => ({ id, weight: 1 }));
  const hinted = plain.map((e) => ({ ...e, hints: { zones: ['a'] } }));
  b.update(hinted, 0);
  const held = [0, 0, 0, 2].map((i) => b.begin(i));
  for (const view of [plain, hinted, plain, hinted]) {
    b.update(view, 0);
    assert.deepEqual(filled(b, view, 5), { e1: 3, e2: 2 });
  }
  assert.deepEqual(b.counts, { local: 4 + 10, other: 10 });
  b.update(plain, 0);
  for (const h of held) b.end(h, true, 1, 0);
  for (const view of [plain, hinted]) {
    b.update(view, 0);
    assert.deepEqual(filled(b, view, 3), { e0: 1, e1: 1, e2: 1 });
  }
});

test('an endpoint that left and came back in the other group is new: its old requests are not counted', () => {
  const b = make('LeastConnections');
  const view = zones('a1 b1');
  b.update(view, 0);
  const held = [b.begin(0), b.begin(0)];
  b.update(view.slice(1), 0);
  const back = view.map((e) => ({ ...e, zone: 'b' }));
  b.update(back, 0);
  assert.deepEqual(filled(b, back, 2), { a0: 1, b0: 1 });
  for (const h of held) b.end(h, true, 1, 0);
  assert.deepEqual(filled(b, back, 2), { a0: 1, b0: 1 });
});

test('hinted endpoints that cannot take more overflow like a zone; a Node’s only one goes to all others', () => {
  const b = makeHinted('LeastRequest');
  const on = (node: string, zone: string, n: number) => ({
    id: `e${n}`,
    zone,
    weight: 1,
    hints: { nodes: [node], zones: [zone] },
  });
  const view = [on('n', 'a', 0), on('m', 'a', 1), on('o', 'b', 2)];
  b.update(view, 0);
  assert.deepEqual(shares(b, view), { a: 1000 });
  assert.equal(pick(b), 0);
  b.setUsable(0, false);
  const others = shares(b, view);
  assert.deepEqual(Object.keys(others).sort(), ['a', 'b']);
  b.setUsable(0, true);
  b.update(view.slice(1), 0);
  assert.deepEqual(shares(b, view.slice(1)), { a: 1000 }, 'without one on its Node, those in its zone');
});

test('counts attempts in the zone and elsewhere', () => {
  const b = make();
  b.update(zones('a1 b1'), 0);
  for (const i of [0, 0, 1]) b.end(b.begin(i), true, 1, 0);
  assert.deepEqual(b.counts, { local: 2, other: 1 });
});

test('a strategy is on its own where the proxy prefers nothing', () => {
  assert.ok(!(createBalancer({ type: 'Random' }, 1, new MaglevTables()) instanceof LocalityAware));
});

test('for any set of usable endpoints, shares follow the rule, for every strategy', () => {
  const endpoint = fc.record({ zone: fc.constantFrom('a', 'b', ''), weight: fc.constantFrom(0, 1, 1, 2, 5), on: fc.boolean() });
  const pools = fc.array(endpoint, { minLength: 1, maxLength: 12 });
  const property = fc.property(
    pools,
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom(...PLAIN_STRATEGIES),
    (given, min, type) => {
      const b = make(type, min);
      const view = given.map((e, i) => ({ ...e, id: `e${i}` }));
      b.update(view, 0);
      given.forEach(({ on }, i) => b.setUsable(i, on));
      const weight = (of: typeof given) => of.reduce((sum, e) => sum + e.weight, 0);
      const usable = given.filter(({ on, weight }) => on && weight > 0);
      const local = usable.filter(({ zone }) => zone === 'a');
      if (usable.length === 0) return assert.equal(pick(b), -1);
      const fair = weight(local) / weight(usable);
      const part = weight(local) / weight(given.filter(({ zone }) => zone === 'a'));
      const wanted = local.length < min ? fair : Math.max(fair, Math.min(1, part / 0.7));
      near(shares(b, view, 200)['a'], wanted * 200);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test('with any hints and states, a usable endpoint is found as long as there is one, for every strategy', () => {
  const places = fc.option(fc.uniqueArray(fc.constantFrom('a', 'b', 'n', 'm'), { minLength: 1, maxLength: 2 }), {
    nil: undefined,
  });
  const endpoint = fc.record({
    id: fc.constantFrom('e0', 'e1', 'e2', 'e3', 'e4', 'e5'),
    weight: fc.constantFrom(0, 1, 2),
    state: fc.constantFrom('active' as const, 'active' as const, 'draining' as const, 'filling' as const),
    hints: fc.option(
      fc
        .record({ zones: places, nodes: places })
        .map(({ zones, nodes }) => ({ ...(zones && { zones }), ...(nodes && { nodes }) })),
      { nil: undefined, freq: 4 },
    ),
  });
  const pool = fc.uniqueArray(fc.tuple(endpoint, fc.boolean()), { selector: ([{ id }]) => id, maxLength: 6 });
  const property = fc.property(
    fc.array(pool, { minLength: 1, maxLength: 4 }),
    fc.constantFrom(...PLAIN_STRATEGIES),
    (pools, type) => {
      const b = makeHinted(type);
      const held: Handle[] = [];
      for (const given of pools) {
        b.update(
          given.map(([e]) => e),
          0,
        );
        given.forEach(([, on], i) => b.setUsable(i, on));
        const usable = given.flatMap(([{ weight }, on], i) => (on && weight > 0 ? [i] : []));
        const seen: number[] = [];
        // Each as one more attempt of the same request: every usable endpoint comes once.
        for (let i = pick(b, seen); i >= 0; i = pick(b, seen)) {
          held.push(b.begin(i));
          seen.push(i);
        }
        assert.deepEqual(seen.sort(), usable);
      }
      for (const h of held) b.end(h, true, 1, 0);
    },
  );
  fc.assert(property, { numRuns: 300 });
});
