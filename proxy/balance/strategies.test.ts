import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AliasTable } from './alias-table.ts';
import type { Balancer, EndpointViews } from './balancer.ts';
import { LeastConnections } from './least-connections.ts';
import { LeastRequest } from './least-request.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { seeded } from './testing.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

const view = (weights: Record<string, number>): EndpointViews => Object.entries(weights).map(([id, weight]) => ({ id, weight }));

function sequence(b: Balancer, v: EndpointViews, n: number, random = seeded(1), now = 0): string {
  return Array.from({ length: n }, () => v[b.pick({ tried: [], now, random })]?.id ?? '-').join(' ');
}

/** Share of each endpoint over `n` picks. */
function shares(b: Balancer, v: EndpointViews, n: number): number[] {
  const random = seeded(7);
  const seen = v.map(() => 0);
  for (let k = 0; k < n; k++) {
    const i = b.pick({ tried: [], now: 0, random });
    seen[i] = (seen[i] ?? 0) + 1;
  }
  return seen.map((c) => c / n);
}

function near(actual: readonly number[], expected: readonly number[], by: number): void {
  actual.forEach((a, i) => assert.ok(Math.abs(a - (expected[i] ?? NaN)) < by, `${actual.join()} is not near ${expected.join()}`));
}

describe('RoundRobin', () => {
  test('rotates in order, ignoring weights, from a seeded start', () => {
    const v = view({ a: 5, b: 1, c: 1 });
    for (const [seed, expected] of [
      [0, 'a b c a b c'],
      [1, 'b c a b c a'],
      [-1, 'a b c a b c'],
    ] as const) {
      const b = new RoundRobin(seed);
      b.update(v);
      assert.equal(sequence(b, v, 6), expected);
    }
  });

  test('continues where it was when indexes move, and at the next endpoint that stayed when that one left', () => {
    const b = new RoundRobin(0);
    const before = view({ b: 1, c: 1, d: 1 });
    b.update(before);
    assert.equal(sequence(b, before, 1), 'b');
    const moved = view({ a: 1, b: 1, c: 1, d: 1 });
    b.update(moved);
    assert.equal(sequence(b, moved, 1), 'c');
    const left = view({ a: 1, b: 1, c: 1 });
    b.update(left);
    assert.equal(sequence(b, left, 3), 'a b c');
  });
});

describe('WeightedRoundRobin', () => {
  test('is smooth: the sequences of nginx', () => {
    const b = new WeightedRoundRobin();
    const v = view({ a: 5, b: 1, c: 1 });
    b.update(v);
    assert.equal(sequence(b, v, 14), 'a a b a c a a a a b a c a a');
  });

  test('an unusable endpoint gains no credit', () => {
    const b = new WeightedRoundRobin();
    const v = view({ a: 1, b: 1 });
    b.update(v);
    b.setUsable(1, false);
    sequence(b, v, 100);
    b.setUsable(1, true);
    assert.equal(sequence(b, v, 4), 'a b a b');
  });

  test('current weights survive an update; a new endpoint starts at 0', () => {
    const plain = new WeightedRoundRobin();
    const v = view({ a: 5, b: 1, c: 1 });
    plain.update(v);
    const head = sequence(plain, v, 3);
    const moved = view({ c: 1, b: 1, a: 5 });
    plain.update(moved);
    assert.equal(`${head} ${sequence(plain, moved, 4)}`, 'a a b a c a a');

    const joined = new WeightedRoundRobin();
    const two = view({ a: 1, b: 1 });
    joined.update(two);
    assert.equal(sequence(joined, two, 1), 'a');
    const three = view({ a: 1, b: 1, n: 1 });
    joined.update(three);
    assert.equal(sequence(joined, three, 3), 'b n a');
  });

  test('a large debt is clamped when weights shrink', () => {
    const b = new WeightedRoundRobin();
    const heavy = view({ a: 1000, b: 1000 });
    b.update(heavy);
    assert.equal(sequence(b, heavy, 1), 'a');
    const light = view({ a: 1, b: 1 });
    b.update(light);
    assert.equal(sequence(b, light, 6), 'b b a b a b', 'a owes two turns, not a thousand');
  });

  test('shares follow fractional weights exactly over a whole rotation', () => {
    const b = new WeightedRoundRobin();
    const v = view({ a: 0.5, b: 0.25, c: 0.25 });
    b.update(v);
    near(shares(b, v, 400), [0.5, 0.25, 0.25], 1e-9);
  });
});

describe('Random', () => {
  test('follows the weights', () => {
    const b = new Random();
    const v = view({ a: 5, b: 3, c: 0, d: 2 });
    b.update(v);
    near(shares(b, v, 20_000), [0.5, 0.3, 0, 0.2], 0.02);
  });

  test('keeps the proportions of those that are left, redrawn or scanned', () => {
    const redrawn = new Random();
    const v = view({ a: 1, b: 3, c: 4 });
    redrawn.update(v);
    redrawn.setUsable(2, false);
    near(shares(redrawn, v, 20_000), [0.25, 0.75, 0], 0.02);

    const scanned = new Random();
    const skewed = view({ a: 1, b: 3, c: 100_000 });
    scanned.update(skewed);
    scanned.setUsable(2, false);
    near(shares(scanned, skewed, 20_000), [0.25, 0.75, 0], 0.02);
  });
});

describe('AliasTable', () => {
  test('gives every outcome exactly its share of the unit interval', () => {
    const weights = [3, 0, 1, 10, 0.5, 2, 3.5];
    const table = new AliasTable(Float64Array.from(weights));
    const seen = weights.map(() => 0);
    const n = 120_000;
    for (let k = 0; k < n; k++) {
      const i = table.draw((k + 0.5) / n);
      seen[i] = (seen[i] ?? 0) + 1;
    }
    near(
      seen.map((c) => c / n),
      weights.map((w) => w / 20),
      1e-4,
    );
  });

  test('draws -1 without outcomes', () => {
    assert.equal(new AliasTable(new Float64Array(0)).draw(0.5), -1);
    assert.equal(new AliasTable(new Float64Array(3)).draw(0.5), -1);
  });
});

describe('LeastConnections', () => {
  const begin = (b: Balancer, at: Record<number, number>) =>
    Object.entries(at).forEach(([i, n]) => {
      for (let k = 0; k < n; k++) b.begin(Number(i));
    });

  test('takes the exact least by weight', () => {
    const b = new LeastConnections(0);
    const v = view({ a: 1, b: 2, c: 1 });
    b.update(v);
    begin(b, { 0: 2, 1: 4, 2: 1 });
    assert.equal(sequence(b, v, 1), 'c');
    b.begin(2);
    assert.equal(sequence(b, v, 1), 'b', '5/2 is less than 3/1');
  });

  test('an idle backend rotates from a seeded start, least recently used first', () => {
    const b = new LeastConnections(1);
    const v = view({ a: 1, b: 1, c: 1 });
    b.update(v);
    assert.equal(sequence(b, v, 5), 'b c a b c');
  });

  test('counts requests in flight over updates and releases them by handle', () => {
    const b = new LeastConnections(0);
    b.update(view({ a: 1, b: 1 }));
    const h = b.begin(0);
    const moved = view({ b: 1, a: 1 });
    b.update(moved);
    assert.equal(sequence(b, moved, 3), 'b b b');
    b.end(h, true, 1, 1);
    assert.equal(sequence(b, moved, 1), 'a');
  });

  test('with long requests, requests in flight follow the weights', () => {
    const b = new LeastConnections(3);
    const v = view({ a: 1, b: 2, c: 5 });
    b.update(v);
    const active = [0, 0, 0];
    for (let k = 0; k < 80; k++) {
      const i = b.pick({ tried: [], now: 0, random: seeded(1) });
      b.begin(i);
      active[i] = (active[i] ?? 0) + 1;
    }
    near(active, [10, 20, 50], 2);
  });
});

describe('LeastRequest', () => {
  /** Draws the given indexes, among `n` equal weights. */
  const draws = (n: number, ...at: number[]) => {
    const left = [...at];
    return () => ((left.shift() ?? 0) + 0.5) / n;
  };

  test('the less loaded of two draws wins, the first on a tie', () => {
    const b = new LeastRequest();
    b.update(view({ a: 1, b: 1, c: 1 }));
    b.begin(0);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 0, 2) }), 2);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 2, 0) }), 2);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 2, 1) }), 2);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 1, 2) }), 1);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 0, 0) }), 0);
  });

  test('an endpoint with more than twice the requests of another loses also when both draws hit it', () => {
    const b = new LeastRequest();
    const v = view({ stuck: 1, b: 1, c: 1, d: 1, e: 1 });
    b.update(v);
    for (let k = 0; k < 2; k++) b.begin(0);
    const random = seeded(5);
    for (let k = 0; k < 10_000; k++) assert.notEqual(b.pick({ tried: [], now: 0, random }), 0);
  });

  test('load counts in proportion to weight', () => {
    const b = new LeastRequest();
    const v = view({ a: 1, b: 3 });
    b.update(v);
    b.begin(1);
    const random = seeded(5);
    // 2/3 at b is less than 1/1 at a: a wins only when both draws hit it.
    let a = 0;
    for (let k = 0; k < 4000; k++) if (b.pick({ tried: [], now: 0, random }) === 0) a++;
    near([a / 4000], [1 / 16], 0.015);
  });

  test('idle, shares follow the weights', () => {
    const b = new LeastRequest();
    const v = view({ a: 1, b: 1 });
    b.update(v);
    near(shares(b, v, 20_000), [0.5, 0.5], 0.02);
  });
});

for (const [name, make] of [
  ['LeastConnections', () => new LeastConnections(0)],
  ['LeastRequest', () => new LeastRequest()],
] as const) {
  describe(`${name}: an endpoint that fails fast`, () => {
    test('does not attract traffic, and recovers in seconds', () => {
      const b: Balancer = make();
      const v = view({ bad: 1, good: 1 });
      b.update(v, 0);
      const random = seeded(11);
      const inFlight: object[] = [];
      let bad = 0;
      // 1000 requests a second: the good endpoint holds each for 20 ms, the bad one refuses at once.
      for (let now = 0; now < 1000; now++) {
        if (inFlight.length > 20) b.end(inFlight.shift() ?? {}, true, 20, now);
        const i = b.pick({ tried: [], now, random });
        const h = b.begin(i);
        if (i === 1) inFlight.push(h);
        else {
          bad++;
          b.end(h, false, 0, now);
        }
      }
      assert.ok(bad < (name === 'LeastConnections' ? 60 : 330), `${bad} of 1000 went to the bad one`);
      const later = Array.from({ length: 40 }, () => b.pick({ tried: [], now: 20_000, random }));
      assert.ok(later.filter((i) => i === 0).length > 20, 'forgiven: nothing is in flight there');
    });

    test('penalties of a steady failure rate do not accumulate', () => {
      const b: Balancer = make();
      const v = view({ old: 1, fresh: 1 });
      b.update(view({ old: 1 }), 0);
      // Ten minutes at ten failures a second.
      for (let now = 0; now < 600_000; now += 100) b.end(b.begin(0), false, 0, now);
      b.update(v, 600_000);
      for (let k = 0; k < 12; k++) b.begin(1);
      const random = seeded(3);
      const picks = Array.from({ length: 20 }, () => b.pick({ tried: [], now: 600_000, random }));
      assert.ok(picks.includes(0), 'about ten in flight is what the old one may weigh');
    });
  });
}
