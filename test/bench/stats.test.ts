import assert from 'node:assert/strict';
import test from 'node:test';
import { median, percentile, spread } from './stats.ts';

test('a percentile is a measured value, by nearest rank', () => {
  const values = [40, 15, 50, 20, 35];
  assert.deepEqual(
    [0, 5, 30, 40, 50, 100].map((percent) => percentile(values, percent)),
    [15, 15, 20, 20, 35, 50],
  );
  assert.equal(percentile([7], 99), 7);
  assert.deepEqual(values, [40, 15, 50, 20, 35], 'the input is unchanged');
});

test('the 99th percentile of 200 values excludes the two largest', () => {
  assert.equal(
    percentile(
      Array.from({ length: 200 }, (_, i) => i + 1),
      99,
    ),
    198,
  );
});

test('the median of an even count is the mean of the two middle values', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 10, 2]), 3);
  assert.equal(median([5]), 5);
});

test('spread gives the median and the quartiles', () => {
  assert.deepEqual(spread([1.05, 1.2, 1, 1.1]), { median: 1.0750000000000002, low: 1, high: 1.1 });
});

test('no values have no median and no percentile', () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => percentile([], 50), RangeError);
});
