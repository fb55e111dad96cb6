import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { EndpointView } from './balancer.ts';
import { MaglevTable } from './maglev-table.ts';
import { MaglevTables } from './maglev-tables.ts';
import { Maglev } from './maglev.ts';
import { equals, finishSteps, placeOf, placesOf } from './testing.ts';

function whole(size: number, permutations: ConstructorParameters<typeof MaglevTable>[1], budget = Infinity): number[] {
  const table = new MaglevTable(size, permutations);
  while (!table.step(budget));
  return [...table.slots];
}

function shares(slots: readonly number[], n: number): number[] {
  const seen = Array.from({ length: n }, () => 0);
  for (const i of slots) seen[i]!++;
  return seen.map((count) => count / slots.length);
}

function maglev(view: readonly EndpointView[], size = 65_537): Maglev {
  const b = new Maglev(size, new MaglevTables());
  b.update(view);
  finishSteps(b);
  return b;
}

/** An independent permutation per endpoint. */
const ways = (weights: readonly number[], size: number) =>
  weights.map((weight, i) => ({ offset: (i * 7919) % size, skip: ((i * 104_729) % (size - 1)) + 1, weight }));

describe('MaglevTable', () => {
  test('is the example of the paper, before and after B1 leaves', () => {
    const b0 = { offset: 3, skip: 4, weight: 1 };
    const b1 = { offset: 0, skip: 2, weight: 1 };
    const b2 = { offset: 3, skip: 1, weight: 1 };
    assert.deepEqual(whole(7, [b0, b1, b2]), [1, 0, 1, 0, 2, 2, 0]);
    assert.deepEqual(whole(7, [b0, b2]), [0, 0, 0, 0, 1, 1, 1]);
  });

  test('equal weights differ by at most one slot; others are proportional', () => {
    for (const share of shares(whole(251, ways([1, 1, 1, 1, 1, 1], 251)), 6)) assert.ok(Math.abs(share * 251 - 251 / 6) < 1);
    const weights = [3, 0.5, 1, 10, 2, 3.5];
    shares(whole(65_537, ways(weights, 65_537)), 6).forEach((share, i) => {
      assert.ok(Math.abs(share - (weights[i] as number) / 20) < 0.001, `${i}: ${share}`);
    });
  });

  test('is the same in steps of any size', () => {
    const weights = fc.array(fc.constantFrom(1, 1, 2, 5, 0.3, 1000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 300 }), (w, budget) =>
        assert.deepEqual(whole(251, ways(w, 251), budget), whole(251, ways(w, 251))),
      ),
    );
  });

  test('one weight far above many others takes no longer', () => {
    const table = new MaglevTable(65_537, ways([1_000_000, ...Array.from({ length: 4999 }, () => 1)], 65_537));
    let steps = 0;
    while (!table.step(10_000)) assert.ok(++steps < 1000);
    assert.ok((shares([...table.slots], 5000)[0] as number) > 0.98);
  });
});

describe('Maglev', () => {
  test('every proxy has the same table, whatever the order of endpoints and its view of health', () => {
    const view = equals(20).map((e, i) => ({ ...e, weight: 1 + (i % 3) }));
    const expected = placesOf(maglev(view, 251), view, 500);
    fc.assert(
      fc.property(fc.shuffledSubarray(view, { minLength: 20 }), fc.nat(19), (shuffled, out) => {
        const b = new Maglev(251, new MaglevTables());
        b.update(shuffled.slice(0, 10));
        finishSteps(b);
        b.update(shuffled);
        b.setUsable(out, false);
        finishSteps(b);
        b.setUsable(out, true);
        assert.deepEqual(placesOf(b, shuffled, 500), expected);
      }),
      { numRuns: 20 },
    );
  });

  test('the largest share of 100 endpoints is at most 1.05 times the mean', () => {
    const view = equals(100);
    const seen = new Map<string, number>();
    const n = 1_000_000;
    const b = maglev(view);
    const table = [0, 1, 2, 3].flatMap((high) => Array.from({ length: n / 4 }, (_, k) => ({ high, low: k * 16_384 + high })));
    for (const hash of table) {
      const id = view[b.pick({ tried: [], now: 0, random: () => 0, hash })]?.id ?? '';
      seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    assert.ok(Math.max(...seen.values()) <= (1.05 * n) / 100, `${Math.max(...seen.values())}`);
  });

  test('removing one of 1,000 moves at most 1% of the other keys', () => {
    const view = equals(1000);
    const b = maglev(view);
    const before = placesOf(b, view, 50_000);
    const left = view.filter(({ id }) => id !== 'e500');
    b.update(left);
    finishSteps(b);
    const after = placesOf(b, left, 50_000);
    const moved = before.filter((id, k) => id !== 'e500' && id !== after[k]).length;
    assert.ok(moved <= 500, `${moved} of 50,000`);
    assert.equal(after.includes('e500'), false);
  });

  test('an unusable endpoint moves only its own keys, spread over the others, the same way on every proxy', () => {
    const view = equals(10);
    const b = maglev(view, 251);
    const before = placesOf(b, view, 5000);
    b.setUsable(3, false);
    const other = maglev([...view].reverse(), 251);
    other.setUsable(6, false);
    const after = placesOf(b, view, 5000);
    assert.deepEqual(placesOf(other, [...view].reverse(), 5000), after);
    const to = new Set<string>();
    before.forEach((id, k) => {
      if (id === 'e3') to.add(after[k] as string);
      else assert.equal(after[k], id);
    });
    assert.equal(to.size, 9);
  });

  test('while the endpoint with nearly all slots is unusable, its keys are spread over the others by weight', () => {
    const view = [1000, 3, 1].map((weight, i) => ({ id: `e${i}`, weight }));
    const b = maglev(view);
    b.setUsable(0, false);
    const places = placesOf(b, view, 20_000);
    const share = places.filter((id) => id === 'e1').length / places.length;
    assert.ok(Math.abs(share - 0.75) < 0.02, String(share));
  });

  test('a retry goes to another endpoint, the same on every proxy', () => {
    const view = equals(5);
    const [one, other] = [maglev(view, 251), maglev(view, 251)];
    for (const key of ['a', 'b', 'c']) {
      const first = Number(placeOf(one, view, key).slice(1));
      const second = placeOf(one, view, key, [first]);
      assert.notEqual(second, `e${first}`);
      assert.equal(placeOf(other, view, key, [first]), second);
    }
  });

  test('draining endpoints have no slots, unless none is active', () => {
    const view = equals(4).map((e, i) => ({ ...e, state: i === 0 ? ('draining' as const) : ('active' as const) }));
    assert.equal(placesOf(maglev(view, 251), view, 500).includes('e0'), false);
    const draining = view.map((e) => ({ ...e, state: 'draining' as const }));
    assert.equal(new Set(placesOf(maglev(draining, 251), draining, 500)).size, 4);
  });

  test('5,000 endpoints in 251 slots: the first 251 by name serve; the others when those are unusable', () => {
    const view = equals(5000);
    const b = maglev(view, 251);
    const names = view
      .map((e) => e.hashKey as string)
      .sort()
      .slice(0, 251);
    const serving = new Set(view.flatMap((e) => (names.includes(e.hashKey as string) ? [e.id] : [])));
    assert.deepEqual(new Set(placesOf(b, view, 20_000)), serving);
    view.forEach((e, i) => b.setUsable(i, !serving.has(e.id)));
    const others = placesOf(b, view, 200);
    assert.ok(others.every((id) => id !== '-' && !serving.has(id)));
    assert.ok(new Set(others).size > 150, 'spread');
  });

  test('requests without a key are spread', () => {
    const view = equals(5);
    const b = maglev(view, 251);
    const random = (() => {
      let u = 0;
      return () => (u = (u + 0.618034) % 1);
    })();
    assert.equal(new Set(Array.from({ length: 100 }, () => b.pick({ tried: [], now: 0, random }))).size, 5);
  });
});

describe('Maglev: an update during a build', () => {
  test('the old table serves until the new one is complete', () => {
    const view = equals(4);
    const b = maglev(view, 251);
    const before = placesOf(b, view, 300);
    const more = equals(5);
    b.update(more);
    b.step(100);
    assert.deepEqual(placesOf(b, more, 300), before);
    finishSteps(b);
    assert.equal(placesOf(b, more, 300).includes('e4'), true);
  });

  test('an endpoint that left takes nothing at once; its keys move on', () => {
    const view = equals(4);
    const b = maglev(view, 251);
    const left = view.slice(1);
    b.update(left);
    assert.deepEqual(new Set(placesOf(b, left, 300)), new Set(['e1', 'e2', 'e3']));
  });

  test('updates faster than builds: each build ends, and the newest list is built last', () => {
    const b = maglev(equals(2), 251);
    const serving = new Set<number>();
    for (let n = 3; n < 40; n++) {
      const view = equals(n);
      b.update(view);
      b.step(400);
      serving.add(new Set(placesOf(b, view, 2000)).size);
    }
    assert.ok(serving.size > 5, 'tables were ready in between');
    finishSteps(b);
    const view = equals(39);
    assert.deepEqual(placesOf(b, view, 2000), placesOf(maglev(view, 251), view, 2000));
  });

  test('a list equal to the present table: no new table', () => {
    const view = equals(4);
    const b = maglev(view, 251);
    b.update(view);
    assert.equal(b.step(0), true);
  });
});

describe('MaglevTables', () => {
  const roster = (n: number, weight = 1) => ({
    names: equals(n).map(({ hashKey = '' }) => hashKey),
    weights: equals(n).map(() => weight),
  });

  test('equal backends share a table, others do not', () => {
    const tables = new MaglevTables();
    const one = tables.get(251, roster(3));
    assert.equal(tables.get(251, roster(3)), one);
    assert.notEqual(tables.get(257, roster(3)), one);
    assert.notEqual(tables.get(251, roster(4)), one);
    assert.notEqual(tables.get(251, roster(3, 2)), one);
  });

  test('backends that share a table use their own endpoints', () => {
    const tables = new MaglevTables();
    const [a, b] = [new Maglev(251, tables), new Maglev(251, tables)];
    const one = equals(5);
    const other = equals(5)
      .map((e) => ({ ...e, id: `other-${e.id}` }))
      .reverse();
    a.update(one);
    b.update(other);
    finishSteps(a);
    assert.equal(b.step(1), true, 'made already');
    assert.deepEqual(
      placesOf(b, other, 200),
      placesOf(a, one, 200).map((id) => `other-${id}`),
    );
  });
});
