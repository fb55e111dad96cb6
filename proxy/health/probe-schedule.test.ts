import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDelay, nextDelay } from './probe-schedule.ts';

/** mulberry32: small, and the same on every platform. */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('a single endpoint is probed at once; many new ones are spread over a tenth of the interval', () => {
  assert.equal(
    firstDelay(3000, 0, () => 0.99),
    0,
  );
  assert.equal(
    firstDelay(3000, 10, () => 0.5),
    25,
  );
  assert.equal(
    firstDelay(3000, 10_000, () => 0.5),
    150,
  );
});

test('the second probe is at a random point of the interval, later ones vary by a tenth', () => {
  const bounds = (begun: number) => [0, 1].map((u) => nextDelay(1000, begun, () => u));
  assert.deepEqual(bounds(1), [0, 1000]);
  assert.deepEqual(bounds(2), [900, 1100]);
  assert.deepEqual(bounds(99), [900, 1100]);
});

test('a thousand proxies that learn of an endpoint at the same moment do not probe it in step', () => {
  const INTERVAL = 3000;
  const TICK = INTERVAL / 20;
  const random = seeded(1);
  const ticks = new Array<number>(20 * 20).fill(0);
  for (let proxy = 0; proxy < 1000; proxy++) {
    let at = firstDelay(INTERVAL, 0, random);
    for (let begun = 1; at < ticks.length * TICK; begun++) {
      ticks[Math.floor(at / TICK)]!++;
      at += nextDelay(INTERVAL, begun, random);
    }
  }
  const [first = 0, ...later] = ticks;
  assert.ok(first >= 1000, 'the first probes are at once');
  // About fifty in each twentieth of the interval: four standard deviations are 28.
  assert.ok(Math.max(...later) <= 80, `${Math.max(...later)} at once`);
  assert.ok(Math.min(...later) >= 20, `${Math.min(...later)} at once`);
});
