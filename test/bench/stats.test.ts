import assert from 'node:assert/strict';
import test from 'node:test';
import { median, percentile, spread } from './stats.ts';

test('percentiles are values that were measured, by nearest rank', () => {
  const values = [40, 15, 50, 20, 35];
  assert.deepEqual(
    [0, 5, 30, 40, 50, 100].map((percent) => percentile(values, percent)),
    [15, 15, 20, 20, 35, 50],
  );
  assert.equal(percentile([7], 99), 7);
  assert.deepEqual(values, [40, 15, 50, 20, 35], 'what was given stays as it was');
});

test('99 % of 200 values leave out the two largest', () => {
  assert.equal(
    percentile(
      Array.from({ length: 200 }, (_, i) => i + 1),
      99,
    ),
    198,
  );
});

test('the median of an even count is the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 10, 2]), 3);
  assert.equal(median([5]), 5);
});

test('spread is the median between the quartiles', () => {
  assert.deepEqual(spread([1.05, 1.2, 1, 1.1]), { median: 1.0750000000000002, low: 1, high: 1.1 });
});

test('nothing has no middle', () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => percentile([], 50), RangeError);
});
