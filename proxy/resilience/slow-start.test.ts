import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SlowStart } from './slow-start.ts';
import type { SlowStartEndpoint } from './slow-start.ts';

const LINE = { window: 16_000, aggression: 1, minWeightPercent: 10 };

function starter(more: Partial<SlowStartEndpoint> = {}): SlowStartEndpoint {
  return { fullWeight: 1, weight: 1, startedAt: -Infinity, usable: true, ...more };
}

function started(settings = LINE): SlowStart {
  const s = new SlowStart();
  s.configure(settings);
  return s;
}

/** The weights over time of an endpoint that starts at 0, beside an established one. */
function rise(settings = LINE): number[] {
  const [old, fresh] = [starter(), starter({ fullWeight: 10, startedAt: 0 })];
  const s = started(settings);
  const weights: number[] = [];
  for (let now = 0; now < Infinity; now = s.nextChangeAt) {
    s.applyWeights([old, fresh], now);
    weights.push(fresh.weight);
    assert.equal(old.weight, 1);
  }
  return weights;
}

describe('an endpoint that starts beside others', () => {
  test('has the minimum share first, then rises in sixteen steps to its full weight', () => {
    const line = Array.from({ length: 17 }, (_, step) => Math.max(1, (10 * step) / 16));
    assert.deepEqual(rise(), line);
  });

  test('rises earlier with a higher aggression', () => {
    const weights = rise({ ...LINE, aggression: 2, minWeightPercent: 1 });
    weights.forEach((weight, step) => assert.ok(Math.abs(weight - Math.max(0.1, 10 * Math.sqrt(step / 16))) < 1e-9));
  });

  test('for any window: never falls, and has its full weight at the end', () => {
    const settings = fc.record({
      window: fc.integer({ min: 1, max: 3_600_000 }),
      aggression: fc.double({ min: 0.1, max: 10, noNaN: true }),
      minWeightPercent: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(settings, (s) => {
        const weights = rise(s);
        assert.equal(weights.length, 17);
        assert.equal(weights.at(-1), 10);
        weights.forEach((weight, i) => assert.ok(weight >= (weights[i - 1] ?? 10 * (s.minWeightPercent / 100))));
      }),
    );
  });

  test('weight 0 stays 0', () => {
    const fresh = starter({ fullWeight: 0, startedAt: 0 });
    started().applyWeights([starter(), fresh], 0);
    assert.equal(fresh.weight, 0);
  });
});

describe('without established endpoints', () => {
  for (const [name, others] of [
    ['alone', []],
    ['all start', [starter({ startedAt: 500 })]],
    ['the others are out', [starter({ usable: false })]],
    ['the others have no weight', [starter({ fullWeight: 0 })]],
  ] as const) {
    test(`${name}: the full weight at once`, () => {
      const fresh = starter({ fullWeight: 3, startedAt: 1000 });
      const s = started();
      s.applyWeights([fresh, ...others], 1000);
      assert.equal(fresh.weight, 3);
    });
  }

  test('the first to finish holds the others back', () => {
    const [first, second] = [starter({ startedAt: 0 }), starter({ startedAt: 8_000 })];
    const s = started();
    s.applyWeights([first, second], 15_999);
    assert.deepEqual([first.weight, second.weight], [1, 1]);
    assert.ok(s.applyWeights([first, second], s.nextChangeAt));
    assert.deepEqual([first.weight, second.weight], [1, 0.5]);
  });
});

test('returns whether a weight changed, and when one may change next', () => {
  const fresh = starter({ startedAt: 0 });
  const s = started();
  assert.equal(s.applyWeights([starter(), fresh], 0), true);
  assert.equal(s.nextChangeAt, 1000);
  assert.equal(s.applyWeights([starter(), fresh], 999), false);
  assert.equal(s.applyWeights([starter(), fresh], 4000), true);
  assert.equal(s.nextChangeAt, 5000);
});

test('without settings all have their full weight, and no change is due', () => {
  const fresh = starter({ startedAt: 0 });
  const s = started();
  s.applyWeights([starter(), fresh], 0);
  s.configure(undefined);
  assert.equal(s.applyWeights([starter(), fresh], 0), true);
  assert.deepEqual([fresh.weight, s.nextChangeAt], [1, Infinity]);
});
