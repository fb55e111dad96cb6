import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PassiveCheck } from '../snapshot/types.ts';
import { OutlierDetection } from './outlier-detection.ts';
import { OutlierState } from './outlier-state.ts';
import type { EjectionReason, Outcome } from './outlier-state.ts';

const CHECK: PassiveCheck = {
  consecutiveConnectFailures: 3,
  consecutive5xx: 5,
  baseEjectionTime: 30_000,
  maxEjectionPercent: 50,
};
const CONNECT = 'consecutive-connect-failures';
const TEN = { available: 10, active: 10 };
const TRIAL = {};

interface Subject {
  readonly outlier: OutlierState;
}
const subject = (): Subject => ({ outlier: new OutlierState() });

/** Results one after the other; what each call answered. */
function feed(
  outlier: OutlierDetection<Subject>,
  e: Subject,
  seen: readonly Outcome[],
  now = 0,
  counts = TEN,
): (EjectionReason | undefined)[] {
  return seen.map((s) => outlier.record(e, s, now, counts));
}
const times = (n: number, seen: Outcome = 'connect'): Outcome[] => Array.from({ length: n }, () => seen);
/** The last of them, where the others ejected nobody. */
function verdictOf(seen: readonly Outcome[], check: Partial<PassiveCheck> = {}): string | undefined {
  const answers = feed(new OutlierDetection({ ...CHECK, ...check }), subject(), seen);
  assert.ok(answers.slice(0, -1).every((a) => a === undefined));
  return answers.at(-1);
}
/** A trial that comes to this. */
function tryIt(outlier: OutlierDetection<Subject>, e: Subject, seen: Outcome, now: number): 'back' | 'ejected' | undefined {
  outlier.beginProbation(e, TRIAL);
  return outlier.recordProbation(e, TRIAL, seen, now);
}

describe('what ejects', () => {
  test('connect failures in a row', () => {
    assert.equal(verdictOf(times(3)), CONNECT);
    assert.equal(verdictOf(['connect', 'connect', 200, 'connect', 'connect']), undefined);
    assert.equal(verdictOf(['connect', 'connect', 'reset', 'connect', 'connect'], { consecutive5xx: 6 }), undefined);
    assert.equal(verdictOf(['connect', 'connect', 500, 'connect', 'connect'], { consecutive5xx: 6 }), undefined);
  });

  test('failures of any kind in a row, as in Envoy', () => {
    assert.equal(verdictOf([500, 'reset', 'timeout', 'protocol', 'broken']), 'consecutive-5xx');
    assert.equal(verdictOf(['connect', 503, 'connect', 503, 'connect']), 'consecutive-5xx');
    assert.equal(verdictOf([500, 501, 502, 503, 599]), 'consecutive-5xx');
    assert.equal(verdictOf([500, 500, 500, 500, 499, 500, 500, 500, 500]), undefined);
  });

  test('which are off where they are not asked for', () => {
    const { consecutive5xx: _, ...onlyConnects } = CHECK;
    assert.deepEqual(
      feed(new OutlierDetection(onlyConnects), subject(), times(100, 503)),
      times(100, 503).fill(undefined as never),
    );
    assert.equal(feed(new OutlierDetection(onlyConnects), subject(), times(3)).at(-1), CONNECT);
  });

  test('a client that left says nothing, either way', () => {
    assert.equal(verdictOf(times(50, 'client-gone')), undefined);
    assert.equal(verdictOf(['connect', 'client-gone', 'connect', 'client-gone', 'connect']), CONNECT);
  });

  test('a share of the requests within a window, once there are enough', () => {
    const failurePercent = { threshold: 40, minRequests: 10, window: 10_000 };
    const check = { consecutive5xx: 100, failurePercent };
    assert.equal(verdictOf([...times(6, 200), ...times(4, 500)], check), 'failure-percent');
    assert.equal(verdictOf([...times(7, 200), ...times(3, 500)], check), undefined);
    assert.equal(verdictOf([...times(5, 200), ...times(4, 500)], check), undefined, 'too few');
    assert.equal(verdictOf([...times(5, 500), ...times(20, 200), 500], check), undefined, 'it was earlier');
    const outlier = new OutlierDetection<Subject>({ ...CHECK, ...check });
    const e = subject();
    feed(outlier, e, times(20, 200), 0);
    assert.deepEqual(feed(outlier, e, times(9, 500), 10_000).at(-1), undefined, 'the good ones are forgotten, too few are left');
    assert.equal(feed(outlier, e, [500], 10_000)[0], 'failure-percent');
  });

  test('says so once', () => {
    const outlier = new OutlierDetection<Subject>(CHECK);
    const e = subject();
    assert.deepEqual(feed(outlier, e, times(6)), [undefined, undefined, CONNECT, undefined, undefined, undefined]);
    assert.equal(e.outlier.ejected, true);
    assert.deepEqual(outlier.ejected, [e]);
  });
});

describe('evidence', () => {
  const cases: readonly [readonly Outcome[], Partial<PassiveCheck>, string][] = [
    [times(3), {}, '3 connect failures in a row'],
    [times(1), { consecutiveConnectFailures: 1 }, 'connect failure'],
    [times(5, 503), {}, '5 failures in a row, the last one: HTTP 503'],
    [times(5, 'timeout'), {}, '5 failures in a row, the last one: time-out'],
    [['reset'], { consecutive5xx: 1 }, 'connection reset'],
    [
      [200, 200, 'protocol'],
      { failurePercent: { threshold: 30, minRequests: 3, window: 500 } },
      '1 of 3 requests failed within 0.5 s, the last one: malformed response',
    ],
  ];
  for (const [seen, check, words] of cases) {
    test(words, () => {
      const e = subject();
      feed(new OutlierDetection({ ...CHECK, ...check }), e, seen);
      assert.equal(e.outlier.evidence, `${words}, ejected for 30 s`);
    });
  }

  test('of a failed trial; none once it is back', () => {
    const outlier = new OutlierDetection<Subject>(CHECK);
    const e = subject();
    feed(outlier, e, times(3));
    tryIt(outlier, e, 'timeout', 30_000);
    assert.equal(e.outlier.evidence, 'time-out on probation, ejected for 60 s');
    tryIt(outlier, e, 200, 90_000);
    assert.equal(e.outlier.evidence, '');
  });
});

describe('the way back', () => {
  function ejected() {
    const outlier = new OutlierDetection<Subject>(CHECK);
    const e = subject();
    feed(outlier, e, times(3));
    return { outlier, e, state: e.outlier };
  }

  test('is a trial that is due when the time is over; time alone does nothing', () => {
    const { outlier, state } = ejected();
    assert.equal(outlier.nextProbationAt, 30_000);
    assert.equal(state.ejectedUntil, 30_000);
    assert.equal(state.ejected, true);
  });

  test('one at a time: while it is under way, none is due', () => {
    const { outlier, e } = ejected();
    outlier.beginProbation(e, TRIAL);
    assert.equal(outlier.nextProbationAt, Infinity);
    assert.equal(outlier.recordProbation(e, {}, 200, 30_000), undefined, 'not the trial');
    assert.equal(outlier.recordProbation(e, TRIAL, 200, 30_000), 'back');
    assert.equal(outlier.recordProbation(e, TRIAL, 500, 30_001), undefined, 'it is decided');
    assert.deepEqual([e.outlier.ejected, outlier.ejected.length, outlier.nextProbationAt], [false, 0, Infinity]);
  });

  test('an answer clears everything but the level', () => {
    const { outlier, e } = ejected();
    tryIt(outlier, e, 404, 30_000);
    assert.deepEqual(feed(outlier, e, times(3), 30_000), [undefined, undefined, CONNECT]);
    assert.equal(outlier.nextProbationAt, 90_000);
  });

  test('a trial that fails ejects for twice as long; one that says nothing leaves another one due', () => {
    const { outlier, e } = ejected();
    assert.equal(tryIt(outlier, e, 'client-gone', 30_000), undefined);
    assert.equal(outlier.nextProbationAt, 30_000);
    assert.equal(tryIt(outlier, e, 500, 31_000), 'ejected');
    assert.deepEqual([outlier.nextProbationAt, outlier.ejected.length], [91_000, 1]);
  });

  test('a mere connection lets it back on parole: its next failure of any kind ejects it, an answer ends that', () => {
    const { outlier, e } = ejected();
    assert.equal(tryIt(outlier, e, 'connected', 30_000), 'back');
    assert.deepEqual(feed(outlier, e, [503], 30_001), ['probation']);
    tryIt(outlier, e, 'connected', 999_999);
    assert.deepEqual(feed(outlier, e, [200, 503, 503], 999_999), [undefined, undefined, undefined]);
  });

  test('what began before the ejection and ends meanwhile counts neither way', () => {
    const { outlier, e } = ejected();
    feed(outlier, e, [200, 'connect', 500], 1000);
    assert.deepEqual([e.outlier.ejected, outlier.nextProbationAt], [true, 30_000]);
    tryIt(outlier, e, 200, 30_000);
    assert.deepEqual(feed(outlier, e, times(2), 30_000), [undefined, undefined]);
  });

  test('a passing active check ends the ejection, and a row of connect failures, but not that of others', () => {
    const { outlier, e } = ejected();
    assert.equal(outlier.clear(e, 5000), true);
    assert.deepEqual([e.outlier.ejected, outlier.nextProbationAt], [false, Infinity]);
    assert.equal(outlier.clear(e, 5000), false);
    assert.deepEqual(feed(outlier, e, times(2), 5000), [undefined, undefined]);
    outlier.clear(e, 5000);
    assert.deepEqual(feed(outlier, e, [...times(2), 500], 5000), [undefined, undefined, 'consecutive-5xx']);
    assert.equal(outlier.nextProbationAt, 65_000, 'the level stays as well');
  });

  test('one that left is forgotten', () => {
    const { outlier, e } = ejected();
    outlier.remove(e);
    assert.deepEqual([e.outlier.ejected, outlier.ejected.length, outlier.nextProbationAt], [false, 0, Infinity]);
  });
});

describe('ejection time', () => {
  /** Fails every trial; the lengths. */
  function lengths(base: number, n: number): number[] {
    const outlier = new OutlierDetection<Subject>({ ...CHECK, baseEjectionTime: base, consecutiveConnectFailures: 1 });
    const e = subject();
    let now = 0;
    return Array.from({ length: n }, () => {
      if (now === 0) feed(outlier, e, ['connect'], now);
      else tryIt(outlier, e, 'connect', now);
      const length = outlier.nextProbationAt - now;
      now += length;
      return length / 1000;
    });
  }

  test('doubles with every further ejection, to five minutes', () => {
    assert.deepEqual(lengths(30_000, 6), [30, 60, 120, 240, 300, 300]);
  });

  test('a longer base stays what it is', () => assert.deepEqual(lengths(600_000, 2), [600, 600]));

  test('falls by one doubling per base time outside', () => {
    const outlier = new OutlierDetection<Subject>({ ...CHECK, consecutiveConnectFailures: 1 });
    const e = subject();
    const eject = (now: number) => {
      assert.deepEqual(feed(outlier, e, ['connect'], now), [CONNECT]);
      const length = outlier.nextProbationAt - now;
      tryIt(outlier, e, 200, now + length);
      return length / 1000;
    };
    assert.equal(eject(0), 30);
    assert.equal(eject(30_000), 60);
    assert.equal(eject(90_000), 120);
    assert.equal(eject(210_000 + 60_000), 60, 'two base times outside: from 240 to 60');
    assert.equal(eject(330_000 + 3_600_000), 30, 'never below the base');
  });

  test('new settings count from the next result; present ejections keep their end', () => {
    const outlier = new OutlierDetection<Subject>(CHECK);
    const [a, b] = [subject(), subject()];
    feed(outlier, a, times(3));
    feed(outlier, b, times(1));
    outlier.configure({ ...CHECK, consecutiveConnectFailures: 2, baseEjectionTime: 1000 });
    assert.equal(outlier.nextProbationAt, 30_000);
    assert.deepEqual(feed(outlier, b, times(1)), [CONNECT]);
    assert.equal(outlier.nextProbationAt, 1000);
  });
});

describe('how many at once', () => {
  const percent = (maxEjectionPercent: number) => new OutlierDetection<Subject>({ ...CHECK, maxEjectionPercent });
  /** Fails every endpoint of a pool; how many are out then. */
  function out(outlier: OutlierDetection<Subject>, n: number): number {
    for (let i = 0; i < n; i++) feed(outlier, subject(), times(3), 0, { available: n - outlier.ejected.length, active: n });
    return outlier.ejected.length;
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
    assert.equal(
      feed(percent(50), subject(), times(3), 0, { available: 1, active: 10 }).at(-1),
      undefined,
      'the others are unhealthy',
    );
  });

  test('one that was spared goes at its next failure once there is room', () => {
    const outlier = percent(10);
    const [a, b] = [subject(), subject()];
    feed(outlier, a, times(3));
    assert.equal(feed(outlier, b, times(3)).at(-1), undefined);
    tryIt(outlier, a, 200, 30_000);
    assert.deepEqual(feed(outlier, b, times(1), 30_000), [CONNECT]);
  });

  test('any history stays within the limits, and everyone who is out has a way back', () => {
    const event = fc.record({
      i: fc.nat(5),
      seen: fc.constantFrom<Outcome>(200, 503, 'connect', 'client-gone'),
      wait: fc.nat(20_000),
    });
    fc.assert(
      fc.property(fc.nat(100), fc.array(event, { maxLength: 80 }), (share, events) => {
        const outlier = new OutlierDetection<Subject>({
          ...CHECK,
          consecutive5xx: 2,
          baseEjectionTime: 10_000,
          maxEjectionPercent: share,
        });
        const all = Array.from({ length: 6 }, subject);
        let now = 0;
        for (const { i, seen, wait } of events) {
          now += wait;
          const e = all[i] as Subject;
          const before = outlier.ejected.length;
          if (e.outlier.ejected && now >= e.outlier.ejectedUntil) tryIt(outlier, e, seen, now);
          else if (outlier.record(e, seen, now, { available: 6 - before, active: 6 }))
            assert.equal(outlier.ejected.length, before + 1);
          assert.ok(outlier.ejected.length <= Math.min(Math.max(1, Math.floor((6 * share) / 100)), 5));
          assert.deepEqual(new Set(outlier.ejected), new Set(all.filter(({ outlier }) => outlier.ejected)));
          assert.equal(
            outlier.nextProbationAt,
            Math.min(Infinity, ...outlier.ejected.map(({ outlier }) => outlier.ejectedUntil)),
          );
        }
      }),
    );
  });
});
