import assert from 'node:assert/strict';
import { test } from 'node:test';
import { continueTimeout } from './continue-timeout.ts';
import { TIMEOUTS } from '../testing.ts';

test('a second, or half of the time that the try has', () => {
  const of = (idle: number, deadline: number) =>
    continueTimeout({ timeouts: { ...TIMEOUTS, idle }, perTryTimeout: 0, deadline }, 10_000);
  assert.deepEqual([of(0, Infinity), of(60_000, Infinity), of(2_000, Infinity)], [1000, 1000, 1000]);
  assert.deepEqual([of(500, Infinity), of(0, 10_300), of(500, 10_300), of(200, 10_300)], [250, 150, 150, 100]);
});
