import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPrime, nextPrime } from './prime.ts';

test('primes', () => {
  const primes = Array.from({ length: 60 }, (_, n) => n - 5).filter(isPrime);
  assert.deepEqual(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53]);
  for (const n of [251, 65_537, 5_000_011]) assert.equal(isPrime(n), true, String(n));
  for (const n of [65_536, 65_539 * 3, 257 * 257]) assert.equal(isPrime(n), false, String(n));
});

test('the next prime', () => {
  assert.deepEqual([0, 3, 4, 252, 65_536].map(nextPrime), [2, 3, 5, 257, 65_537]);
});
