import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { EndpointView } from './balancer.ts';
import { RendezvousRows, ROWS } from './rendezvous-rows.ts';
import type { RendezvousMember } from './rendezvous-rows.ts';
import { Rendezvous } from './rendezvous.ts';
import { equals, finishSteps, placeOf, placesOf } from './testing.ts';

function rows(wanted: readonly RendezvousMember[], base?: RendezvousRows): RendezvousRows {
  const table = new RendezvousRows(wanted, base);
  while (!table.step(1_000_000));
  return table;
}

/** Ids of (primary, secondary) by row. */
function pairs(table: RendezvousRows): string[] {
  const id = (number: number) => table.members[number]?.id ?? '-';
  return Array.from({ length: ROWS }, (_, r) => `${id(table.primary[r] as number)} ${id(table.secondary[r] as number)}`);
}

const members = (n: number): RendezvousMember[] =>
  equals(n).map(({ id, hashKey = '', weight }) => ({ id, name: hashKey, weight }));

function rendezvous(view: readonly EndpointView[]): Rendezvous {
  const b = new Rendezvous();
  b.update(view);
  finishSteps(b);
  return b;
}

describe('RendezvousRows', () => {
  test('an update changes only the rows that an endpoint wins or loses', () => {
    const ten = rows(members(10));
    const before = pairs(ten);
    const more = pairs(rows(members(11), ten));
    const gained = before.filter((pair, r) => pair !== more[r]).length;
    before.forEach((pair, r) =>
      assert.equal(pair !== more[r], / ?\be10\b/.test(more[r] as string), `${r}: ${pair} → ${more[r]}`),
    );
    assert.ok(Math.abs(gained / ROWS - 2 / 11) < 0.01, String(gained));
    const fewer = pairs(
      rows(
        members(10).filter(({ id }) => id !== 'e3'),
        ten,
      ),
    );
    before.forEach((pair, r) => assert.equal(pair !== fewer[r], /\be3\b/.test(pair), `${r}: ${pair} → ${fewer[r]}`));
  });

  test('rows depend on the set of endpoints only, not on earlier sets or their order', () => {
    const pool = members(12).map((m, i) => ({ ...m, weight: 1 + (i % 4) }));
    const some = fc.shuffledSubarray(pool, { minLength: 1 });
    fc.assert(
      fc.property(fc.array(some, { minLength: 2, maxLength: 4 }), (history) => {
        let table = new RendezvousRows([]);
        for (const wanted of history) table = rows(wanted, table);
        assert.deepEqual(pairs(table), pairs(rows([...(history.at(-1) ?? [])].reverse())));
      }),
      { numRuns: 10 },
    );
  });

  test('shares follow weights', () => {
    const table = rows([1, 2, 5].map((weight, i) => ({ id: `e${i}`, name: `n${i}`, weight })));
    const seen = [0, 0, 0];
    for (const number of table.primary) seen[number]!++;
    seen.forEach((count, i) => assert.ok(Math.abs(count / ROWS - [1, 2, 5][i]! / 8) < 0.01, seen.join()));
  });
});

describe('Rendezvous', () => {
  test('removing or adding one endpoint moves no key of the others', () => {
    const view = equals(50);
    const b = rendezvous(view);
    const before = placesOf(b, view, 20_000);
    const left = view.filter(({ id }) => id !== 'e7');
    b.update(left);
    finishSteps(b);
    const without = placesOf(b, left, 20_000);
    before.forEach((id, k) => assert.ok(id === 'e7' || id === without[k]));
    b.update(equals(51));
    finishSteps(b);
    const after = placesOf(b, equals(51), 20_000);
    before.forEach((id, k) => assert.ok(id === after[k] || after[k] === 'e50'));
  });

  for (const state of ['draining', 'filling'] as const) {
    test(`a ${state} endpoint yields to its secondary, and serves if no other can`, () => {
      const view = equals(5);
      const b = rendezvous(view);
      const before = placesOf(b, view, 500);
      const second = before.map((id, k) => placeOf(b, view, `key-${k}`, [Number(id.slice(1))]));
      const yielding = view.map((e) => (e.id === 'e2' ? { ...e, state } : e));
      b.update(yielding);
      assert.equal(b.step(0), true, 'a state is no reason for another table');
      placesOf(b, yielding, 500).forEach((id, k) => assert.equal(id, before[k] === 'e2' ? second[k] : before[k]));
      yielding.forEach((e, i) => b.setUsable(i, e.id === 'e2'));
      assert.deepEqual(new Set(placesOf(b, yielding, 50)), new Set(['e2']));
    });
  }

  test('with primary and secondary unusable, a third by the key itself: spread, and the same on every proxy', () => {
    const view = equals(8);
    const b = rendezvous(view);
    const other = rendezvous([...view].reverse());
    const thirds = new Set<string>();
    for (let k = 0; k < 300; k++) {
      const key = `key-${k}`;
      const first = Number(placeOf(b, view, key).slice(1));
      const second = Number(placeOf(b, view, key, [first]).slice(1));
      const third = placeOf(b, view, key, [first, second]);
      assert.equal(placeOf(other, [...view].reverse(), key, [7 - first, 7 - second]), third);
      thirds.add(third);
    }
    assert.equal(thirds.size, 8);
  });

  test('an update during a build: the old table serves, then the newest list', () => {
    const view = equals(6);
    const b = rendezvous(view);
    const before = placesOf(b, view, 500);
    b.update(equals(7));
    b.step(1000);
    assert.deepEqual(placesOf(b, equals(7), 500), before);
    b.update(equals(9));
    finishSteps(b, 10_000);
    assert.deepEqual(placesOf(b, equals(9), 500), placesOf(rendezvous(equals(9)), equals(9), 500));
  });
});
