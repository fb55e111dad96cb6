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
const PROBATION = {};

interface Subject {
  readonly outlier: OutlierState;
}
const subject = (): Subject => ({ outlier: new OutlierState() });

/** Records outcomes one after the other; returns the result of each call. */
function feed(
  outlier: OutlierDetection<Subject>,
  e: Subject,
  outcomes: readonly Outcome[],
  now = 0,
  counts = TEN,
): (EjectionReason | undefined)[] {
  return outcomes.map((s) => outlier.record(e, s, now, counts));
}
const times = (n: number, outcomes: Outcome = 'connect'): Outcome[] => Array.from({ length: n }, () => outcomes);
/** The result of the last outcome; asserts that the others ejected nothing. */
function reasonOf(outcomes: readonly Outcome[], check: Partial<PassiveCheck> = {}): string | undefined {
  const answers = feed(new OutlierDetection({ ...CHECK, ...check }), subject(), outcomes);
  assert.ok(answers.slice(0, -1).every((a) => a === undefined));
  return answers.at(-1);
}
/** Records a probation request with this outcome. */
function recordProbation(
  outlier: OutlierDetection<Subject>,
  e: Subject,
  outcomes: Outcome,
  now: number,
): 'back' | 'ejected' | undefined {
  outlier.beginProbation(e, PROBATION);
  return outlier.recordProbation(e, PROBATION, outcomes, now);
}

describe('ejection', () => {
  test('consecutive connect failures', () => {
    assert.equal(reasonOf(times(3)), CONNECT);
    assert.equal(reasonOf(['connect', 'connect', 200, 'connect', 'connect']), undefined);
    assert.equal(reasonOf(['connect', 'connect', 'reset', 'connect', 'connect'], { consecutive5xx: 6 }), undefined);
    assert.equal(reasonOf(['connect', 'connect', 500, 'connect', 'connect'], { consecutive5xx: 6 }), undefined);
  });

  test('consecutive failures of any kind, as in Envoy', () => {
    assert.equal(reasonOf([500, 'reset', 'timeout', 'protocol', 'broken']), 'consecutive-5xx');
    assert.equal(reasonOf(['connect', 503, 'connect', 503, 'connect']), 'consecutive-5xx');
    assert.equal(reasonOf([500, 501, 502, 503, 599]), 'consecutive-5xx');
    assert.equal(reasonOf([500, 500, 500, 500, 499, 500, 500, 500, 500]), undefined);
  });

  test('counters that are not configured are off', () => {
    const { consecutive5xx: _, ...onlyConnects } = CHECK;
    assert.deepEqual(
      feed(new OutlierDetection(onlyConnects), subject(), times(100, 503)),
      times(100, 503).fill(undefined as never),
    );
    assert.equal(feed(new OutlierDetection(onlyConnects), subject(), times(3)).at(-1), CONNECT);
  });

  test('a client that left does not count', () => {
    assert.equal(reasonOf(times(50, 'client-gone')), undefined);
    assert.equal(reasonOf(['connect', 'client-gone', 'connect', 'client-gone', 'connect']), CONNECT);
  });

  test('a percentage of the requests within a window, once there are enough', () => {
    const failurePercent = { threshold: 40, minRequests: 10, window: 10_000 };
    const check = { consecutive5xx: 100, failurePercent };
    assert.equal(reasonOf([...times(6, 200), ...times(4, 500)], check), 'failure-percent');
    assert.equal(reasonOf([...times(7, 200), ...times(3, 500)], check), undefined);
    assert.equal(reasonOf([...times(5, 200), ...times(4, 500)], check), undefined, 'too few');
    assert.equal(reasonOf([...times(5, 500), ...times(20, 200), 500], check), undefined, 'it was earlier');
    const outlier = new OutlierDetection<Subject>({ ...CHECK, ...check });
    const e = subject();
    feed(outlier, e, times(20, 200), 0);
    assert.deepEqual(feed(outlier, e, times(9, 500), 10_000).at(-1), undefined, 'the good ones are forgotten, too few are left');
    assert.equal(feed(outlier, e, [500], 10_000)[0], 'failure-percent');
  });

  test('an endpoint is ejected once', () => {
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
  for (const [outcomes, check, words] of cases) {
    test(words, () => {
      const e = subject();
      feed(new OutlierDetection({ ...CHECK, ...check }), e, outcomes);
      assert.equal(e.outlier.evidence, `${words}, ejected for 30 s`);
    });
  }

  test('mentions a failed probation request; is empty after readmission', () => {
    const outlier = new OutlierDetection<Subject>(CHECK);
    const e = subject();
    feed(outlier, e, times(3));
    recordProbation(outlier, e, 'timeout', 30_000);
    assert.equal(e.outlier.evidence, 'time-out on probation, ejected for 60 s');
    recordProbation(outlier, e, 200, 90_000);
    assert.equal(e.outlier.evidence, '');
  });
});

describe('readmission', () => {
  function ejected() {
    const outlier = new OutlierDetection<Subject>(CHECK);
    const e = subject();
    feed(outlier, e, times(3));
    return { outlier, e, state: e.outlier };
  }

  test('needs a probation request, due when the ejection time is over; time alone does nothing', () => {
    const { outlier, state } = ejected();
    assert.equal(outlier.nextProbationAt, 30_000);
    assert.equal(state.ejectedUntil, 30_000);
    assert.equal(state.ejected, true);
  });

  test('one probation request at a time', () => {
    const { outlier, e } = ejected();
    outlier.beginProbation(e, PROBATION);
    assert.equal(outlier.nextProbationAt, Infinity);
    assert.equal(outlier.recordProbation(e, {}, 200, 30_000), undefined, 'not the probation');
    assert.equal(outlier.recordProbation(e, PROBATION, 200, 30_000), 'back');
    assert.equal(outlier.recordProbation(e, PROBATION, 500, 30_001), undefined, 'it is decided');
    assert.deepEqual([e.outlier.ejected, outlier.ejected.length, outlier.nextProbationAt], [false, 0, Infinity]);
  });

  test('an answer clears everything but the ejection level', () => {
    const { outlier, e } = ejected();
    recordProbation(outlier, e, 404, 30_000);
    assert.deepEqual(feed(outlier, e, times(3), 30_000), [undefined, undefined, CONNECT]);
    assert.equal(outlier.nextProbationAt, 90_000);
  });

  test('a failed probation request doubles the ejection; an inconclusive one makes another due', () => {
    const { outlier, e } = ejected();
    assert.equal(recordProbation(outlier, e, 'client-gone', 30_000), undefined);
    assert.equal(outlier.nextProbationAt, 30_000);
    assert.equal(recordProbation(outlier, e, 500, 31_000), 'ejected');
    assert.deepEqual([outlier.nextProbationAt, outlier.ejected.length], [91_000, 1]);
  });

  test('a mere connection readmits on probation: the next failure of any kind ejects, an answer ends probation', () => {
    const { outlier, e } = ejected();
    assert.equal(recordProbation(outlier, e, 'connected', 30_000), 'back');
    assert.deepEqual(feed(outlier, e, [503], 30_001), ['probation']);
    recordProbation(outlier, e, 'connected', 999_999);
    assert.deepEqual(feed(outlier, e, [200, 503, 503], 999_999), [undefined, undefined, undefined]);
  });

  test('attempts that began before the ejection and end during it do not count', () => {
    const { outlier, e } = ejected();
    feed(outlier, e, [200, 'connect', 500], 1000);
    assert.deepEqual([e.outlier.ejected, outlier.nextProbationAt], [true, 30_000]);
    recordProbation(outlier, e, 200, 30_000);
    assert.deepEqual(feed(outlier, e, times(2), 30_000), [undefined, undefined]);
  });

  test('a passing active check ends the ejection and clears connect failures, but not other failures', () => {
    const { outlier, e } = ejected();
    assert.equal(outlier.clear(e, 5000), true);
    assert.deepEqual([e.outlier.ejected, outlier.nextProbationAt], [false, Infinity]);
    assert.equal(outlier.clear(e, 5000), false);
    assert.deepEqual(feed(outlier, e, times(2), 5000), [undefined, undefined]);
    outlier.clear(e, 5000);
    assert.deepEqual(feed(outlier, e, [...times(2), 500], 5000), [undefined, undefined, 'consecutive-5xx']);
    assert.equal(outlier.nextProbationAt, 65_000, 'the level stays as well');
  });

  test('removed endpoints are forgotten', () => {
    const { outlier, e } = ejected();
    outlier.remove(e);
    assert.deepEqual([e.outlier.ejected, outlier.ejected.length, outlier.nextProbationAt], [false, 0, Infinity]);
  });
});

describe('ejection time', () => {
  /** Fails every probation request; returns the ejection times. */
  function lengths(base: number, n: number): number[] {
    const outlier = new OutlierDetection<Subject>({ ...CHECK, baseEjectionTime: base, consecutiveConnectFailures: 1 });
    const e = subject();
    let now = 0;
    return Array.from({ length: n }, () => {
      if (now === 0) feed(outlier, e, ['connect'], now);
      else recordProbation(outlier, e, 'connect', now);
      const length = outlier.nextProbationAt - now;
      now += length;
      return length / 1000;
    });
  }

  test('doubles with every further ejection, up to five minutes', () => {
    assert.deepEqual(lengths(30_000, 6), [30, 60, 120, 240, 300, 300]);
  });

  test('a base above five minutes is not shortened', () => assert.deepEqual(lengths(600_000, 2), [600, 600]));

  test('is halved per base time outside ejection', () => {
    const outlier = new OutlierDetection<Subject>({ ...CHECK, consecutiveConnectFailures: 1 });
    const e = subject();
    const eject = (now: number) => {
      assert.deepEqual(feed(outlier, e, ['connect'], now), [CONNECT]);
      const length = outlier.nextProbationAt - now;
      recordProbation(outlier, e, 200, now + length);
      return length / 1000;
    };
    assert.equal(eject(0), 30);
    assert.equal(eject(30_000), 60);
    assert.equal(eject(90_000), 120);
    assert.equal(eject(210_000 + 60_000), 60, 'two base times outside: from 240 to 60');
    assert.equal(eject(330_000 + 3_600_000), 30, 'never below the base');
  });

  test('new settings apply from the next result; present ejections keep their end', () => {
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

describe('limits', () => {
  const percent = (maxEjectionPercent: number) => new OutlierDetection<Subject>({ ...CHECK, maxEjectionPercent });
  /** Fails every endpoint of a set; returns how many are ejected. */
  function out(outlier: OutlierDetection<Subject>, n: number): number {
    for (let i = 0; i < n; i++) feed(outlier, subject(), times(3), 0, { available: n - outlier.ejected.length, active: n });
    return outlier.ejected.length;
  }

  test('at most the configured percentage, but at least one', () => {
    assert.equal(out(percent(50), 10), 5);
    assert.equal(out(percent(50), 7), 3);
    assert.equal(out(percent(10), 5), 1);
    assert.equal(out(percent(0), 5), 1);
  });

  test('never the last available endpoint', () => {
    assert.equal(out(percent(100), 10), 9);
    assert.equal(out(percent(100), 1), 0);
    assert.equal(out(percent(50), 2), 1);
    assert.equal(
      feed(percent(50), subject(), times(3), 0, { available: 1, active: 10 }).at(-1),
      undefined,
      'the others are unhealthy',
    );
  });

  test('an endpoint kept by the limit is ejected at its next failure once the limit allows', () => {
    const outlier = percent(10);
    const [a, b] = [subject(), subject()];
    feed(outlier, a, times(3));
    assert.equal(feed(outlier, b, times(3)).at(-1), undefined);
    recordProbation(outlier, a, 200, 30_000);
    assert.deepEqual(feed(outlier, b, times(1), 30_000), [CONNECT]);
  });

  test('any history stays within the limits, and every ejected endpoint can be readmitted', () => {
    const event = fc.record({
      i: fc.nat(5),
      outcomes: fc.constantFrom<Outcome>(200, 503, 'connect', 'client-gone'),
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
        for (const { i, outcomes, wait } of events) {
          now += wait;
          const e = all[i] as Subject;
          const before = outlier.ejected.length;
          if (e.outlier.ejected && now >= e.outlier.ejectedUntil) recordProbation(outlier, e, outcomes, now);
          else if (outlier.record(e, outcomes, now, { available: 6 - before, active: 6 }))
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

describe('an endpoint that refuses connections and cannot be ejected', () => {
  const LAST = { available: 1, active: 1 };
  const refusing = (check: Partial<PassiveCheck> = {}) => {
    const outliers = new OutlierDetection({ ...CHECK, ...check });
    const e = subject();
    assert.deepEqual(feed(outliers, e, times(2), 0, LAST), [undefined, undefined]);
    assert.equal(e.outlier.refusing, false);
    assert.deepEqual(feed(outliers, e, times(1), 0, LAST), [undefined]);
    assert.deepEqual([e.outlier.refusing, e.outlier.ejected], [true, false]);
    return { outliers, e };
  };

  test('is known to refuse, also where too many others are ejected, until an answer below 500', () => {
    const { outliers, e } = refusing();
    assert.equal(outliers.refusal, '3 connect failures in a row');
    feed(outliers, e, ['timeout', 503], 0, LAST);
    assert.equal(e.outlier.refusing, true, 'other failures prove nothing');
    feed(outliers, e, [404], 0, LAST);
    assert.equal(e.outlier.refusing, false);
    const others = new OutlierDetection({ ...CHECK, maxEjectionPercent: 50 });
    const [first, second] = [subject(), subject()];
    feed(others, first, times(3), 0, { available: 3, active: 3 });
    feed(others, second, times(3), 0, { available: 2, active: 3 });
    assert.deepEqual([first.outlier.ejected, second.outlier.ejected, second.outlier.refusing], [true, false, true]);
    feed(others, second, times(1), 0, TEN);
    assert.deepEqual([second.outlier.ejected, second.outlier.refusing], [true, false], 'it is ejected once that is allowed');
  });

  test('is tested by a connection after the ejection time, and again after another one', () => {
    const { outliers, e } = refusing();
    assert.deepEqual(
      [29_999, 30_000].map((now) => outliers.isTestDue(e, now)),
      [false, true],
    );
    outliers.beginTest(e);
    assert.equal(outliers.isTestDue(e, 31_000), false, 'one at a time');
    outliers.recordTest(e, false, 31_000);
    assert.deepEqual([e.outlier.refusing, outliers.isTestDue(e, 60_999), outliers.isTestDue(e, 61_000)], [true, false, true]);
    outliers.beginTest(e);
    outliers.recordTest(e, true, 61_000);
    assert.equal(e.outlier.refusing, false);
  });

  test('a test that ends after requests have decided does not count', () => {
    const { outliers, e } = refusing();
    outliers.beginTest(e);
    feed(outliers, e, [200, ...times(3)], 40_000, LAST);
    outliers.recordTest(e, true, 41_000);
    assert.equal(e.outlier.refusing, true);
  });

  test('a passing active check ends it after the ejection time: it may use another port', () => {
    const { outliers, e } = refusing();
    outliers.clear(e, 29_999);
    assert.equal(e.outlier.refusing, true);
    outliers.clear(e, 30_000);
    assert.equal(e.outlier.refusing, false);
  });
});
