import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { History } from './history.ts';

const shape = { width: 2, length: 3, max: 10 };
const run = (steps: Generator<void, void>): void => void Array.from(steps);
type Counters = Readonly<Record<string, readonly [number, number]>>;

function sampled(history: History<string>, counters: Counters, now: number): void {
  run(history.sample(Object.keys(counters), (key, into) => into.set(counters[key] ?? []), now));
}

test('counts before the first sample are not recent', () => {
  const history = new History<string>(shape);
  assert.equal(history.recent('a', Float64Array.of(1, 1), 0), undefined);
  sampled(history, { a: [100, 7] }, 1000);
  assert.deepEqual(history.recent('a', Float64Array.of(103, 8), 1500), { values: [3, 1], ms: 500 });
  assert.deepEqual(history.rates('a'), []);
});

test('old intervals are dropped one by one', () => {
  const history = new History<string>(shape);
  for (const [i, n] of [0, 10, 30, 60, 100].entries()) sampled(history, { a: [n, 0] }, i * 1000);
  // 10 are dropped; 5 were added since.
  assert.deepEqual(history.recent('a', Float64Array.of(105, 0), 4200), { values: [95, 0], ms: 3200 });
  assert.deepEqual(history.recent('a', Float64Array.of(105, 0), 4200, 1), { values: [45, 0], ms: 1200 });
  assert.deepEqual(history.rates('a'), [20, 30, 40]);
});

test('a later key has a shorter history; a key that is gone is forgotten; a counter that decreased was reset', () => {
  const history = new History<string>(shape);
  sampled(history, { a: [5, 0] }, 0);
  sampled(history, { a: [6, 0], b: [50, 0] }, 1000);
  assert.deepEqual(history.recent('b', Float64Array.of(52, 0), 1500), { values: [2, 0], ms: 500 });
  sampled(history, { b: [1, 0] }, 2000);
  assert.equal(history.has('a'), false);
  assert.deepEqual(history.recent('b', Float64Array.of(4, 0), 2500), { values: [3, 0], ms: 1500 });
});

test('at most `max` keys, and known keys stay', () => {
  const history = new History<string>({ ...shape, max: 2 });
  sampled(history, { a: [0, 0], b: [0, 0], c: [0, 0] }, 0);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => history.has(key)),
    [true, true, false],
  );
});

test('while a sample is in progress, keys not read yet have their previous values', () => {
  const keys = Array.from({ length: 120 }, (_, i) => `k${i}`);
  const history = new History<string>({ width: 1, length: 2, max: 1000 });
  const sample = (total: number, now: number) => history.sample(keys, (_, into) => into.set([total]), now);
  for (const i of [0, 1, 2, 3]) run(sample(i * 10, i * 1000));
  const under = sample(50, 4000);
  under.next();
  under.next();
  // 20 until the first of the two, 10 and 10 in them, 20 since; or 10 and 20.
  const last = history.recent('k119', Float64Array.of(50), 4100);
  assert.deepEqual(last, { values: [40], ms: 3100 });
  assert.deepEqual(history.recent('k0', Float64Array.of(50), 4100), { values: [30], ms: 2100 });
  assert.deepEqual(
    [history.rates('k119'), history.rates('k0')],
    [
      [10, 10],
      [10, 20],
    ],
  );
});

test('for any counts, recent is the sum over the last intervals', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 30 }), fc.nat(1000), (rises, rest) => {
      const history = new History<string>({ width: 1, length: 4, max: 1 });
      let total = 0;
      run(history.sample(['a'], (_, into) => into.set([total]), 0));
      for (const [i, rise] of rises.entries()) {
        total += rise;
        run(history.sample(['a'], (_, into) => into.set([total]), (i + 1) * 10));
      }
      const recent = history.recent('a', Float64Array.of(total + rest), rises.length * 10);
      const expected = rises.slice(-4).reduce((sum, n) => sum + n, rest);
      assert.deepEqual(recent, { values: [expected], ms: Math.min(4, rises.length) * 10 });
      assert.deepEqual(
        history.rates('a').map((rate) => Math.round(rate / 100)),
        rises.slice(-4),
      );
    }),
  );
});
