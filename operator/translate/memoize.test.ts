import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberLast } from './memoize.ts';

test('computes again only when an input, or the number of inputs, changes', () => {
  const remember = rememberLast<object, number>();
  let computed = 0;
  const next = (): number => ++computed;
  const [key, other, input] = [{}, {}, {}];
  assert.equal(remember(key, [input, undefined], next), 1);
  assert.equal(remember(key, [input, undefined], next), 1);
  assert.equal(remember(other, [input, undefined], next), 2);
  assert.equal(remember(key, [input], next), 3);
  assert.equal(remember(key, [{}], next), 4);
  assert.equal(remember(key, [input], next), 5, 'only the last result is kept');
  assert.equal(remember(other, [input, undefined], next), 2);
});
