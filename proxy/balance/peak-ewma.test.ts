import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PeakEWMA } from './peak-ewma.ts';
import { equals, seeded, weighted } from './testing.ts';

/** Share of `n` picks per endpoint. */
function shares(b: PeakEWMA, size: number, now: number, n = 4000): number[] {
  const random = seeded(3);
  const seen = Array.from({ length: size }, () => 0);
  for (let k = 0; k < n; k++) seen[b.pick({ tried: [], now, random })]! += 1 / n;
  return seen;
}

/** One request on `i` that took `ms`. */
function took(b: PeakEWMA, i: number, ms: number, now: number, ended: 'ok' | 'failed' | 'left' = 'ok'): void {
  b.end(b.begin(i), ended === 'left' ? undefined : ended === 'ok', ms, now);
}

function pool(...rtts: number[]): PeakEWMA {
  const b = new PeakEWMA();
  b.update(equals(rtts.length), 0);
  rtts.forEach((ms, i) => took(b, i, ms, 100_000));
  return b;
}
/** After 100 s without requests the next round trip replaces the average, but for 30 ms · e^-10. */
const THEN = 100_000;
const never = (share: number | undefined) => assert.ok((share ?? 1) < 0.01, String(share));
/** Of two, the more expensive one is picked only when both draws hit it, and not even then if it costs more than twice as much. */
const loses = (share: number | undefined) => assert.ok((share ?? 1) < 0.28, String(share));

describe('PeakEWMA', () => {
  test('the faster of two draws wins', () => {
    const share = shares(pool(15, 10), 2, THEN)[0] ?? 0;
    assert.ok(Math.abs(share - 0.25) < 0.03, String(share));
  });

  test('an endpoint that costs more than twice as much as others loses also when both draws hit it', () => {
    for (const size of [2, 3, 5]) never(shares(pool(200, ...Array.from({ length: size - 1 }, () => 10)), size, THEN)[0]);
  });

  test('a higher round trip counts at once, a lower one gradually', () => {
    const b = pool(10, 20);
    took(b, 0, 500, THEN + 1);
    loses(shares(b, 2, THEN + 1)[0]);
    for (let k = 0; k < 50; k++) took(b, 0, 10, THEN + 2 + k);
    loses(shares(b, 2, THEN + 60)[0]);
  });

  test('requests in flight multiply the cost', () => {
    const b = pool(10, 15);
    b.begin(0);
    loses(shares(b, 2, THEN)[0]);
  });

  test('an average decays without new samples, so that a slow endpoint is tried again', () => {
    const b = pool(10, 100);
    for (let now = THEN; now < THEN + 30_000; now += 100) took(b, 0, 10, now);
    loses(shares(b, 2, THEN + 30_000)[0]);
  });

  test('failing fast is not answering fast, and recovers within a minute', () => {
    const b = pool(20, 20);
    for (let k = 0; k < 1000; k++) took(b, 0, 0, THEN + k, 'failed');
    loses(shares(b, 2, THEN + 1000)[0]);
    for (let k = 0; k < 400; k++) took(b, 1, 20, THEN + 1000 + k * 150);
    loses(shares(b, 2, THEN + 61_000)[1]);
  });

  test('a client that left can raise the average, not lower it', () => {
    const b = pool(100, 50);
    took(b, 0, 1, THEN + 60_000, 'left');
    took(b, 1, 1, THEN + 1, 'left');
    loses(shares(b, 2, THEN)[0]);
    took(b, 1, 300, THEN + 2, 'left');
    loses(shares(b, 2, THEN + 2)[1]);
  });

  test('a new endpoint starts at the median of its peers, or at 30 ms without peers', () => {
    const b = pool(10, 20, 300);
    b.update(equals(4), THEN);
    const [, , slow, fresh] = shares(b, 4, THEN, 16_000);
    never((slow ?? 1) - 1 / 16);
    assert.ok((fresh ?? 0) > 0.15 && (fresh ?? 0) < 0.5, String(fresh));
    const alone = new PeakEWMA();
    alone.update(equals(1), 0);
    alone.update(equals(2), 0);
    took(alone, 0, 31, 0);
    loses(shares(alone, 2, 0)[0]);
  });

  test('averages stay with their endpoints over an update', () => {
    const b = pool(10, 100);
    b.update([...equals(2)].reverse(), THEN);
    loses(shares(b, 2, THEN)[0]);
  });
});

describe('PeakEWMA, of unequal weights', () => {
  /** Weights 1 and 3, with these round trips. */
  function unequal(...rtts: [number, number]): PeakEWMA {
    const b = new PeakEWMA();
    b.update(weighted({ a: 1, b: 3 }), 0);
    rtts.forEach((ms, i) => took(b, i, ms, THEN));
    return b;
  }
  const shareOfA = (b: PeakEWMA, now = THEN) => shares(b, 2, now)[0] as number;
  const isQuarter = (share: number) => assert.ok(Math.abs(share - 0.25) < 0.03, String(share));

  test('weight decides up to twice the round trip and the fair share of requests in flight', () => {
    for (const b of [unequal(10, 19), unequal(19, 10)]) {
      b.begin(1);
      isQuarter(shareOfA(b));
    }
  });

  test('the slower one loses, light or heavy', () => {
    assert.ok(shareOfA(unequal(21, 10)) < 0.05);
    assert.ok(shareOfA(unequal(10, 21)) > 0.9);
  });

  test('the one that holds more than its fair share loses, light or heavy', () => {
    const [light, heavy] = [unequal(10, 10), unequal(10, 10)];
    for (let k = 0; k < 12; k++) light.begin(0);
    for (let k = 0; k < 12; k++) heavy.begin(1);
    assert.ok(shareOfA(light) < 0.05);
    assert.ok(shareOfA(heavy) > 0.9);
  });

  test('the slower one takes requests while the other one is overloaded by more than it is slower', () => {
    const [three, five] = [unequal(10, 30), unequal(10, 50)];
    // Four times its fair share.
    for (const b of [three, five]) for (let k = 0; k < 12; k++) b.begin(0);
    assert.ok(shareOfA(three) < 0.05);
    assert.ok(shareOfA(five) > 0.9);
  });

  test('the one without samples does not seem faster', () => {
    const b = unequal(10, 10);
    for (let now = THEN; now < THEN + 30_000; now += 100) took(b, 1, 10, now);
    isQuarter(shareOfA(b, THEN + 30_000));
  });

  test('one that holds more and does not respond does not seem faster either', () => {
    const b = unequal(10, 10);
    for (let k = 0; k < 12; k++) b.begin(0);
    for (let now = THEN; now < THEN + 30_000; now += 100) took(b, 1, 10, now);
    assert.ok(shareOfA(b, THEN + 30_000) < 0.05);
  });

  test('one that was slow gets its share again', () => {
    const b = unequal(200, 10);
    for (let now = THEN; now < THEN + 30_000; now += 100) took(b, 1, 10, now);
    isQuarter(shareOfA(b, THEN + 30_000));
  });

  test('failing fast does not attract traffic, whatever the weight', () => {
    for (const bad of [0, 1]) {
      const b = unequal(10, 10);
      for (let k = 0; k < 10; k++) took(b, bad, 0, THEN + k, 'failed');
      for (let k = 0; k < 20; k++) b.begin(1 - bad);
      assert.ok((shares(b, 2, THEN + 10)[bad] as number) < 0.1);
    }
  });
});
