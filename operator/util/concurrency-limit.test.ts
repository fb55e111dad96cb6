import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConcurrencyLimit } from './concurrency-limit.ts';

test('at most so many tasks run in parallel, the others in order, and a failed task frees its slot', async () => {
  const slots = new ConcurrencyLimit(2, 60_000);
  const started: number[] = [];
  let running = 0;
  const task = async (n: number): Promise<void> => {
    assert.ok(++running <= 2);
    started.push(n);
    await new Promise(setImmediate);
    running--;
    if (n === 0) throw new Error('failed');
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((n) => slots.run(() => task(n))));
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'],
  );
});

test('a slow task frees its slot, once', async () => {
  const slots = new ConcurrencyLimit(1, 5);
  let release = (): void => {};
  const slow = slots.run(() => new Promise((resolve) => (release = resolve)));
  await slots.run(async () => {});
  release();
  await slow;
  let most = 0;
  let running = 0;
  const count = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
  };
  await Promise.all([slots.run(count), slots.run(count), slots.run(count)]);
  assert.equal(most, 1);
});
