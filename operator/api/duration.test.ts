import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from './duration.ts';

test('terms of every unit add up', () => {
  const cases = {
    '0s': 0,
    '25ms': 25,
    '3s': 3000,
    '1m30s': 90_000,
    '1h2m3s4ms': 3_723_004,
    '99999h': 359_996_400_000,
    '1s1s': 2000,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
});

test('text that is not a duration throws and is quoted', () => {
  for (const text of ['', '5', 's', '1.5s', '-1s', '1 s', '1d', '123456s', '1h1m1s1ms1s', '1S'])
    assert.throws(() => parseDuration(text), {
      name: 'RangeError',
      message: `"${text}" is not a duration such as 1m30s or 250ms`,
    });
});
