import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AliasTable } from './alias-table.ts';
import type { Balancer } from './balancer.ts';
import { LeastConnections } from './least-connections.ts';
import { LeastRequest } from './least-request.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { assertNear, seeded, sequence, shares, weighted } from './testing.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

describe('RoundRobin', () => {
  test('rotates in order, ignoring weights, from a seeded start', () => {
    const v = weighted({ a: 5, b: 1, c: 1 });
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
    const before = weighted({ b: 1, c: 1, d: 1 });
    b.update(before);
    assert.equal(sequence(b, before, 1), 'b');
    const moved = weighted({ a: 1, b: 1, c: 1, d: 1 });
    b.update(moved);
    assert.equal(sequence(b, moved, 1), 'c');
    const left = weighted({ a: 1, b: 1, c: 1 });
    b.update(left);
    assert.equal(sequence(b, left, 3), 'a b c');
  });
});

describe('WeightedRoundRobin', () => {
  test('is smooth: the sequences of nginx', () => {
    const b = new WeightedRoundRobin();
    const v = weighted({ a: 5, b: 1, c: 1 });
    b.update(v);
    assert.equal(sequence(b, v, 14), 'a a b a c a a a a b a c a a');
  });

  test('an unusable endpoint gains no credit', () => {
    const b = new WeightedRoundRobin();
    const v = weighted({ a: 1, b: 1 });
    b.update(v);
    b.setUsable(1, false);
    sequence(b, v, 100);
    b.setUsable(1, true);
    assert.equal(sequence(b, v, 4), 'a b a b');
  });

  test('current weights survive an update; a new endpoint starts at 0', () => {
    const plain = new WeightedRoundRobin();
    const v = weighted({ a: 5, b: 1, c: 1 });
    plain.update(v);
    const head = sequence(plain, v, 3);
    const moved = weighted({ c: 1, b: 1, a: 5 });
    plain.update(moved);
    assert.equal(`${head} ${sequence(plain, moved, 4)}`, 'a a b a c a a');

    const joined = new WeightedRoundRobin();
    const two = weighted({ a: 1, b: 1 });
    joined.update(two);
    assert.equal(sequence(joined, two, 1), 'a');
    const three = weighted({ a: 1, b: 1, n: 1 });
    joined.update(three);
    assert.equal(sequence(joined, three, 3), 'b n a');
  });

  test('a large debt is clamped when weights shrink', () => {
    const b = new WeightedRoundRobin();
    const heavy = weighted({ a: 1000, b: 1000 });
    b.update(heavy);
    assert.equal(sequence(b, heavy, 1), 'a');
    const light = weighted({ a: 1, b: 1 });
    b.update(light);
    assert.equal(sequence(b, light, 6), 'b b a b a b', 'a owes two turns, not a thousand');
  });

  test('shares follow fractional weights exactly over a whole rotation', () => {
    const b = new WeightedRoundRobin();
    const v = weighted({ a: 0.5, b: 0.25, c: 0.25 });
    b.update(v);
    assertNear(shares(b, v, 400), [0.5, 0.25, 0.25], 1e-9);
  });
});

describe('Random', () => {
  test('follows the weights', () => {
    const b = new Random();
    const v = weighted({ a: 5, b: 3, c: 0, d: 2 });
    b.update(v);
    assertNear(shares(b, v, 20_000), [0.5, 0.3, 0, 0.2], 0.02);
  });

  test('keeps the proportions of those that are left, redrawn or scanned', () => {
    const redrawn = new Random();
    const v = weighted({ a: 1, b: 3, c: 4 });
    redrawn.update(v);
    redrawn.setUsable(2, false);
    assertNear(shares(redrawn, v, 20_000), [0.25, 0.75, 0], 0.02);

    const scanned = new Random();
    const skewed = weighted({ a: 1, b: 3, c: 100_000 });
    scanned.update(skewed);
    scanned.setUsable(2, false);
    assertNear(shares(scanned, skewed, 20_000), [0.25, 0.75, 0], 0.02);
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
    assertNear(
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

describe('LeastRequest', () => {
  /** Draws the given indexes, among `n` equal weights. */
  const draws = (n: number, ...at: number[]) => {
    const left = [...at];
    return () => ((left.shift() ?? 0) + 0.5) / n;
  };

  test('the less loaded of two draws wins, the first on a tie', () => {
    const b = new LeastRequest();
    b.update(weighted({ a: 1, b: 1, c: 1 }));
    b.begin(0);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 0, 2) }), 2);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 2, 0) }), 2);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 2, 1) }), 2);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 1, 2) }), 1);
    assert.equal(b.pick({ tried: [], now: 0, random: draws(3, 0, 0) }), 0);
  });

  test('an endpoint with more than twice the requests of another loses also when both draws hit it', () => {
    const b = new LeastRequest();
    const v = weighted({ stuck: 1, b: 1, c: 1, d: 1, e: 1 });
    b.update(v);
    for (let k = 0; k < 2; k++) b.begin(0);
    const random = seeded(5);
    for (let k = 0; k < 10_000; k++) assert.notEqual(b.pick({ tried: [], now: 0, random }), 0);
  });

  test('of unequal weights, the first draw wins while it holds no more than its fair share', () => {
    const b = new LeastRequest();
    const v = weighted({ a: 1, b: 3 });
    b.update(v);
    b.begin(1);
    assertNear(shares(b, v, 20_000), [0.25, 0.75], 0.02);
  });

  test('an endpoint that holds more than its fair share loses, whatever its weight', () => {
    for (const busy of [0, 1]) {
      const b = new LeastRequest();
      const v = weighted({ a: 1, b: 3 });
      b.update(v);
      for (let k = 0; k < 12; k++) b.begin(busy);
      assert.ok((shares(b, v, 4000)[busy] as number) < 0.1);
    }
  });

  test('if both hold more, the one with less for its weight wins', () => {
    const b = new LeastRequest();
    b.update(weighted({ a: 1, b: 2, tried: 100 }));
    for (let k = 0; k < 10; k++) b.begin(0);
    for (let k = 0; k < 12; k++) b.begin(1);
    const random = seeded(5);
    const picks = Array.from({ length: 4000 }, () => b.pick({ tried: [2], now: 0, random }));
    assert.ok(picks.filter((i) => i === 1).length > 3600);
  });

  test('idle, shares follow the weights', () => {
    const b = new LeastRequest();
    const v = weighted({ a: 1, b: 1 });
    b.update(v);
    assertNear(shares(b, v, 20_000), [0.5, 0.5], 0.02);
  });
});

for (const [name, make] of [
  ['LeastConnections', () => new LeastConnections(0)],
  ['LeastRequest', () => new LeastRequest()],
] as const) {
  describe(`${name}: an endpoint that fails fast`, () => {
    for (const [weight, limit] of [
      [1, name === 'LeastConnections' ? 60 : 330],
      [0.25, 20],
      [3, 150],
    ] as const) {
      test(`does not attract traffic, and recovers in seconds, ${weight} times the weight of the other one`, () => {
        const b: Balancer = make();
        b.update(weighted({ bad: weight, good: 1 }), 0);
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
        assert.ok(bad < limit, `${bad} of 1000 went to the bad one`);
        const later = Array.from({ length: 40 }, () => b.pick({ tried: [], now: 20_000, random }));
        assert.ok(later.filter((i) => i === 0).length > 20, 'forgiven: nothing is in flight there');
      });
    }

    test('penalties of a steady failure rate do not accumulate', () => {
      const b: Balancer = make();
      const v = weighted({ old: 1, fresh: 1 });
      b.update(weighted({ old: 1 }), 0);
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
