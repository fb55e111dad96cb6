import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EndpointTable } from './endpoint-table.ts';
import { StrideSchedule } from './stride-schedule.ts';
import { weighted } from './testing.ts';

/** A schedule whose endpoints start in the order of the list. */
class Scheduled {
  readonly #table = new EndpointTable();
  readonly #schedule = new StrideSchedule(this.#table);
  #ids: string[] = [];

  constructor(weights: Readonly<Record<string, number>>) {
    this.update(weights);
  }

  update(weights: Readonly<Record<string, number>>): void {
    this.#ids = Object.keys(weights);
    this.#schedule.update(this.#table.update(weighted(weights)), (i) => i / this.#ids.length);
  }

  usable(on: boolean, ...ids: string[]): void {
    for (const id of ids) {
      this.#table.usable(this.#ids.indexOf(id), on);
      this.#schedule.usable(this.#ids.indexOf(id));
    }
  }

  turns(n: number, ...except: string[]): string {
    const indexes = except.map((id) => this.#ids.indexOf(id));
    return Array.from({ length: n }, () => this.#ids[this.#schedule.next(indexes)] ?? '-').join(' ');
  }
}

/** How many of the turns are of `id`. */
const of = (id: string, turns: string) => turns.split(' ').filter((turn) => turn === id).length;
const PEAK = { h: 5, a: 1, b: 1, c: 1, d: 1, e: 1 };

describe('StrideSchedule', () => {
  test('equal weights rotate; heavier endpoints have their turns between the others', () => {
    assert.equal(new Scheduled({ a: 2, b: 2, c: 2 }).turns(7), 'a b c a b c a');
    assert.equal(new Scheduled({ a: 4, b: 1, c: 1 }).turns(12), 'a a b a c a a a b a c a');
  });

  test('without endpoints, it is no one’s turn', () => {
    assert.equal(new Scheduled({}).turns(1), '-');
    assert.equal(new Scheduled({ a: 0 }).turns(1), '-');
    assert.equal(new Scheduled({ a: 1 }).turns(1, 'a'), '-');
  });

  test('for any weights, in any number of turns, each has its share but for one turn', () => {
    const weights = fc.array(fc.double({ min: 0.1, max: 1000, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(weights, fc.nat(2000), (given, n) => {
        const turns = new Scheduled(Object.fromEntries(given.map((weight, i) => [`e${i}`, weight]))).turns(n).split(' ');
        const had = given.map((_, i) => turns.filter((id) => id === `e${i}`).length);
        // The virtual time until which each has had all its turns differs by one turn of each.
        const least = Math.max(...given.map((weight, i) => ((had[i] as number) - 1) / weight));
        given.forEach((weight, i) => assert.ok((had[i] as number) + 1 >= least * weight - 1e-6));
      }),
    );
  });

  test('an endpoint that was unusable has saved up no turns', () => {
    const s = new Scheduled({ a: 1, b: 1 });
    s.usable(false, 'b');
    assert.equal(of('a', s.turns(100)), 100);
    s.usable(true, 'b');
    assert.equal(of('b', s.turns(10)), 5);
  });

  test('endpoints that return together keep their distances', () => {
    const s = new Scheduled(PEAK);
    s.usable(false, 'a', 'b', 'c', 'd', 'e');
    s.turns(100);
    s.usable(true, 'a', 'b', 'c', 'd', 'e');
    assert.doesNotMatch(s.turns(40), /[a-e] [a-e] [a-e]/);
  });

  test('one that is unusable for a moment, at every turn, loses nothing', () => {
    const s = new Scheduled(PEAK);
    let turns = '';
    for (let k = 0; k < 100; k++) {
      s.usable(false, 'a', 'h');
      s.usable(true, 'a', 'h');
      turns += ` ${s.turns(1)}`;
    }
    assert.equal(of('h', turns), 50);
    assert.equal(of('a', turns), 10);
  });

  test('an update keeps the turns of those that stay, wherever they are in the list', () => {
    const plain = new Scheduled(PEAK);
    const updated = new Scheduled(PEAK);
    const expected = plain.turns(30);
    const before = updated.turns(7);
    updated.update(Object.fromEntries(Object.entries(PEAK).reverse()));
    assert.equal(`${before} ${updated.turns(23)}`, expected);
  });

  test('a weight that rises counts at once, not after the turn that was due for the old one', () => {
    const s = new Scheduled({ a: 1000, b: 1 });
    s.turns(1500);
    s.update({ a: 1000, b: 1000 });
    assert.ok(Math.abs(of('b', s.turns(10)) - 5) <= 1);
  });

  test('an endpoint that joins gets its share, no more', () => {
    const s = new Scheduled({ a: 1, b: 1 });
    s.turns(1000);
    s.update({ a: 1, b: 1, c: 1 });
    assert.ok(Math.abs(of('c', s.turns(30)) - 10) <= 1);
  });

  test('an update in between saves up no turns either', () => {
    const s = new Scheduled({ a: 1, b: 1 });
    s.turns(1000);
    s.update({ a: 1, b: 1 });
    s.usable(false, 'b');
    s.turns(1);
    s.usable(true, 'b');
    assert.equal(of('b', s.turns(10)), 5);
  });

  test('the excepted ones keep their turns', () => {
    const s = new Scheduled({ a: 1, b: 1, c: 1 });
    assert.equal(s.turns(1, 'a'), 'b');
    assert.equal(s.turns(2), 'a c');
  });

  test('an endpoint that is unusable after others were excepted gains nothing', () => {
    const s = new Scheduled({ a: 1000, b: 1, c: 1 });
    let turns = '';
    for (let k = 0; k < 100; k++) {
      turns += ` ${s.turns(1, 'a')}`;
      s.usable(false, 'c');
      s.turns(1);
      s.usable(true, 'c');
    }
    assert.ok(of('c', turns) <= 50, turns);
  });
});
