import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PassiveCheck } from '../snapshot/types.ts';
import { Outlier } from './outlier.ts';

const CHECK: PassiveCheck = { consecutiveConnectFailures: 3, baseEjectionTime: 30_000, maxEjectionPercent: 50 };

/** `n` connect failures of `id` in a pool of ten; what each call answered. */
function fail(outlier: Outlier, id: string, n: number, now = 0, usable = 10, active = 10): boolean[] {
  return Array.from({ length: n }, () => outlier.record(id, 'connect-failure', now, usable, active));
}

describe('ejection', () => {
  test('after so many connect failures in a row, once', () => {
    const outlier = new Outlier(CHECK);
    assert.deepEqual(fail(outlier, 'a', 4), [false, false, true, false]);
    assert.equal(outlier.isEjected('a', 29_999), true);
    assert.equal(outlier.isEjected('a', 30_000), false);
    assert.equal(outlier.isEjected('b', 0), false);
  });

  test('anything else in between starts the count anew', () => {
    const outlier = new Outlier(CHECK);
    fail(outlier, 'a', 2);
    assert.equal(outlier.record('a', 'other', 0, 10, 10), false);
    assert.deepEqual(fail(outlier, 'a', 3), [false, false, true]);
  });

  test('tells once who came back, and when the next one does', () => {
    const outlier = new Outlier(CHECK);
    assert.equal(outlier.nextReturn(), Infinity);
    fail(outlier, 'a', 3, 0);
    fail(outlier, 'b', 3, 1000);
    assert.equal(outlier.nextReturn(), 30_000);
    assert.deepEqual(outlier.returned(29_999), []);
    assert.deepEqual(outlier.returned(30_000), ['a']);
    assert.deepEqual(outlier.returned(30_000), []);
    assert.equal(outlier.nextReturn(), 31_000);
    assert.deepEqual(outlier.returned(99_000), ['b']);
  });

  test('one that returns is on probation: one more failure ejects it, an answer clears it', () => {
    const outlier = new Outlier(CHECK);
    fail(outlier, 'a', 3, 0);
    outlier.returned(30_000);
    assert.deepEqual(fail(outlier, 'a', 1, 30_001), [true]);
    outlier.returned(999_999);
    outlier.record('a', 'other', 999_999, 10, 10);
    assert.deepEqual(fail(outlier, 'a', 3, 999_999), [false, false, true]);
  });
});

describe('ejection time', () => {
  /** Ejects as soon as possible, over and over; the lengths. */
  function lengths(base: number, n: number): number[] {
    const outlier = new Outlier({ ...CHECK, baseEjectionTime: base, consecutiveConnectFailures: 1 });
    let now = 0;
    return Array.from({ length: n }, () => {
      assert.deepEqual(fail(outlier, 'a', 1, now), [true]);
      const length = outlier.nextReturn() - now;
      now += length;
      outlier.returned(now);
      return length / 1000;
    });
  }

  test('doubles with every further ejection, to five minutes', () => {
    assert.deepEqual(lengths(30_000, 6), [30, 60, 120, 240, 300, 300]);
  });

  test('a longer base stays what it is', () => assert.deepEqual(lengths(600_000, 2), [600, 600]));

  test('falls by one doubling per base time outside', () => {
    const outlier = new Outlier({ ...CHECK, consecutiveConnectFailures: 1 });
    const eject = (now: number) => {
      assert.deepEqual(fail(outlier, 'a', 1, now), [true]);
      const length = outlier.nextReturn() - now;
      outlier.returned(now + length);
      return length / 1000;
    };
    assert.equal(eject(0), 30);
    assert.equal(eject(30_000), 60);
    assert.equal(eject(90_000), 120);
    assert.equal(eject(210_000 + 60_000), 60, 'two base times outside: from 240 to 60');
    assert.equal(eject(330_000 + 3_600_000), 30, 'never below the base');
  });

  test('a base of 0 does not eject for ever', () => {
    const outlier = new Outlier({ ...CHECK, baseEjectionTime: 0, consecutiveConnectFailures: 1 });
    for (let k = 0; k < 5; k++) fail(outlier, 'a', 1, 0);
    assert.equal(outlier.isEjected('a', 0), false);
  });
});

describe('how many at once', () => {
  const percent = (maxEjectionPercent: number) => new Outlier({ ...CHECK, maxEjectionPercent });
  /** Fails every endpoint of a pool; how many are out then. */
  function out(outlier: Outlier, n: number): number {
    let ejected = 0;
    for (let i = 0; i < n; i++) if (fail(outlier, `e${i}`, 3, 0, n - ejected, n).includes(true)) ejected++;
    return ejected;
  }

  test('the share of the pool, but one in any case', () => {
    assert.equal(out(percent(50), 10), 5);
    assert.equal(out(percent(50), 7), 3);
    assert.equal(out(percent(10), 5), 1);
    assert.equal(out(percent(0), 5), 1);
  });

  test('never the last usable one', () => {
    assert.equal(out(percent(100), 10), 9);
    assert.equal(out(percent(100), 1), 0);
    assert.equal(out(percent(50), 2), 1);
    assert.deepEqual(fail(percent(50), 'a', 3, 0, 1, 10), [false, false, false], 'the others are unhealthy');
  });

  test('one that was spared goes at its next failure once there is room', () => {
    const outlier = percent(10);
    fail(outlier, 'a', 3, 0);
    assert.deepEqual(fail(outlier, 'b', 3, 0), [false, false, false]);
    outlier.returned(30_000);
    assert.deepEqual(fail(outlier, 'b', 1, 30_000), [true]);
  });

  test('any history stays within the limits', () => {
    const event = fc.record({ id: fc.nat(5), ok: fc.boolean(), wait: fc.nat(20_000) });
    fc.assert(
      fc.property(fc.nat(100), fc.array(event, { maxLength: 80 }), (share, events) => {
        const outlier = new Outlier({ consecutiveConnectFailures: 2, baseEjectionTime: 10_000, maxEjectionPercent: share });
        let now = 0;
        const ids = Array.from({ length: 6 }, (_, i) => `e${i}`);
        const outNow = () => ids.filter((id) => outlier.isEjected(id, now)).length;
        for (const e of events) {
          now += e.wait;
          outlier.returned(now);
          const before = outNow();
          const ejected = outlier.record(`e${e.id}`, e.ok ? 'other' : 'connect-failure', now, 6 - before, 6);
          assert.equal(outNow() - before, ejected ? 1 : 0);
          assert.ok(outNow() <= Math.min(Math.max(1, Math.floor((6 * share) / 100)), 5));
          assert.equal(Number.isFinite(outlier.nextReturn()), outNow() > 0);
        }
      }),
    );
  });
});

describe('state', () => {
  test('a passing active check ends the ejection and the count', () => {
    const outlier = new Outlier(CHECK);
    fail(outlier, 'a', 3);
    assert.equal(outlier.absolve('a'), true);
    assert.equal(outlier.isEjected('a', 1), false);
    assert.equal(outlier.nextReturn(), Infinity);
    assert.deepEqual(outlier.returned(99_999), []);
    assert.equal(outlier.absolve('a'), false);
    assert.equal(outlier.absolve('unknown'), false);
    assert.deepEqual(fail(outlier, 'a', 3), [false, false, true]);
    assert.equal(outlier.nextReturn(), 60_000, 'but not the doubling');
  });

  test('forgetting makes it a stranger', () => {
    const outlier = new Outlier(CHECK);
    fail(outlier, 'a', 3);
    outlier.forget('a');
    assert.equal(outlier.isEjected('a', 1), false);
    assert.equal(outlier.evidence('a'), '');
    assert.equal(outlier.nextReturn(), Infinity);
  });

  test('new settings count from the next result; present ejections keep their end', () => {
    const outlier = new Outlier(CHECK);
    fail(outlier, 'a', 3);
    fail(outlier, 'b', 1);
    outlier.configure({ ...CHECK, consecutiveConnectFailures: 2, baseEjectionTime: 1000 });
    assert.equal(outlier.nextReturn(), 30_000);
    assert.deepEqual(fail(outlier, 'b', 1), [true]);
    assert.equal(outlier.nextReturn(), 1000);
  });

  test('evidence in words', () => {
    const outlier = new Outlier(CHECK);
    assert.equal(outlier.evidence('a'), '');
    fail(outlier, 'a', 1);
    assert.equal(outlier.evidence('a'), '1 connect failure');
    fail(outlier, 'a', 2);
    assert.equal(outlier.evidence('a'), '3 connect failures in a row, ejected for 30 s');
    outlier.returned(30_000);
    assert.equal(outlier.evidence('a'), '3 connect failures in a row');
    outlier.record('a', 'other', 30_000, 10, 10);
    assert.equal(outlier.evidence('a'), '');
  });
});
