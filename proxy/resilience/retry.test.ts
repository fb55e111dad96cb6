import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Failure, FailureKind } from '../message/attempt.ts';
import type { Retry } from '../snapshot/types.ts';
import { decideRetry, isIdempotent, type AttemptState } from './retry.ts';

const DEFAULT: Retry = {
  attempts: 2,
  sameEndpoint: 0,
  perTryTimeout: 0,
  retryOn: ['connect-failure', 'reset', 'gateway-error'],
  backOff: { base: 25, max: 250 },
  nonIdempotent: false,
  bufferLimit: 65536,
};

const FIRST: AttemptState = {
  attempts: 1,
  attemptsHere: 1,
  endpointsTried: 1,
  idempotent: true,
  replayable: true,
  sameEndpointUsable: true,
  onProbation: false,
  anotherUntried: true,
  random: () => 0.5,
};

function failure(kind: FailureKind, sent: Failure['sent'] = 'maybe'): Failure {
  return { ok: false, kind, sent, detail: '' };
}

/** `where reason` of the decision, or `no`. */
function decisionOf(policy: Partial<Retry>, state: Partial<AttemptState>, outcome: Failure | { status: number }): string {
  const d = decideRetry({ ...DEFAULT, ...policy }, { ...FIRST, ...state }, outcome);
  return d.again ? `${d.where} ${d.reason}` : 'no';
}

describe('conditions', () => {
  const cases: readonly [string, Failure | { status: number }, Retry['retryOn'], string][] = [
    ['connect failure', failure('connect', 'none'), ['connect-failure'], 'other connect-failure'],
    ['connect failure, not asked for', failure('connect', 'none'), ['reset', 'timeout'], 'no'],
    ['reset', failure('reset'), ['reset'], 'other reset'],
    ['reset, not asked for', failure('reset', 'none'), ['connect-failure'], 'no'],
    ['time-out', failure('timeout'), ['timeout'], 'other timeout'],
    ['time-out, by default', failure('timeout'), DEFAULT.retryOn, 'no'],
    ['reset of a request that was not processed', failure('reset', 'refused'), ['reset'], 'other reset'],
    ['reset of one that was not processed, not asked for', failure('reset', 'refused'), ['connect-failure'], 'no'],
    ['malformed answer', failure('protocol'), ['connect-failure', 'reset', 'gateway-error', 'timeout', 502], 'no'],
    ['client gone', failure('client-gone', 'none'), ['connect-failure', 'reset', 'gateway-error', 'timeout'], 'no'],
    ['502', { status: 502 }, ['gateway-error'], 'other gateway-error'],
    ['503', { status: 503 }, ['gateway-error'], 'other gateway-error'],
    ['504', { status: 504 }, ['gateway-error'], 'other gateway-error'],
    ['501', { status: 501 }, ['gateway-error'], 'no'],
    ['505', { status: 505 }, ['gateway-error'], 'no'],
    ['503 by its code', { status: 503 }, [503], 'other status'],
    ['503 both ways', { status: 503 }, [503, 'gateway-error'], 'other gateway-error'],
    ['429 by its code', { status: 429 }, [429], 'other status'],
    ['500', { status: 500 }, DEFAULT.retryOn, 'no'],
    ['200', { status: 200 }, DEFAULT.retryOn, 'no'],
  ];
  for (const [name, outcome, retryOn, expected] of cases) {
    test(`${name} → ${expected}`, () => assert.equal(decisionOf({ retryOn }, {}, outcome), expected));
  }
});

test('a failed probation request is retried elsewhere, whatever the policy says', () => {
  const deaf = { retryOn: [], attempts: 1, sameEndpoint: 3 };
  const onTrial = { onProbation: true };
  for (const kind of ['connect', 'reset', 'timeout', 'protocol'] as const)
    assert.equal(decisionOf(deaf, onTrial, failure(kind)), 'other probation', kind);
  assert.equal(decisionOf(deaf, onTrial, { status: 500 }), 'other probation');
  assert.equal(decisionOf(deaf, onTrial, { status: 429 }), 'no');
  assert.equal(decisionOf(deaf, onTrial, failure('client-gone')), 'no');
  assert.equal(decisionOf({ ...deaf, attempts: 0 }, { ...onTrial, endpointsTried: 1 }, { status: 500 }), 'no');
  assert.equal(decisionOf(deaf, { ...onTrial, idempotent: false }, { status: 500 }), 'no');
  assert.equal(decisionOf(deaf, { ...onTrial, replayable: false }, { status: 500 }), 'no');
});

describe('replay', () => {
  test('not idempotent: only if the backend processed none of it', () => {
    const post = { idempotent: false };
    assert.equal(decisionOf({}, post, failure('connect', 'none')), 'other connect-failure');
    assert.equal(decisionOf({}, post, failure('reset', 'refused')), 'other reset');
    assert.equal(decisionOf({}, post, failure('reset', 'maybe')), 'no');
    assert.equal(decisionOf({}, post, { status: 503 }), 'no');
    assert.equal(decisionOf({ nonIdempotent: true }, post, failure('reset', 'maybe')), 'other reset');
    assert.equal(decisionOf({ nonIdempotent: true }, post, { status: 503 }), 'other gateway-error');
  });

  test('never without a replayable body', () => {
    for (const outcome of [failure('connect', 'none'), failure('reset', 'refused'), { status: 503 }]) {
      assert.equal(decisionOf({ nonIdempotent: true }, { replayable: false }, outcome), 'no');
    }
  });

  test('idempotent methods: those of RFC 9110, and the safe ones of other documents', () => {
    const idempotent = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY', 'PROPFIND', 'REPORT', 'SEARCH'];
    assert.deepEqual(idempotent.filter(isIdempotent), idempotent);
    assert.deepEqual(['POST', 'PATCH', 'CONNECT', 'get', 'LOCK', 'MOVE', 'PROPPATCH', ''].filter(isIdempotent), []);
  });
});

describe('which endpoint', () => {
  const twice = { sameEndpoint: 2 };

  test('the same endpoint first, while it is usable and attempts are left', () => {
    const connect = failure('connect', 'none');
    assert.equal(decisionOf(twice, {}, connect), 'same connect-failure');
    assert.equal(decisionOf(twice, { attempts: 2, attemptsHere: 2 }, connect), 'same connect-failure');
    assert.equal(decisionOf(twice, { attempts: 3, attemptsHere: 3 }, connect), 'other connect-failure');
    assert.equal(decisionOf(twice, { sameEndpointUsable: false }, connect), 'other connect-failure');
    assert.equal(decisionOf(twice, {}, failure('reset')), 'same reset');
  });

  test('never the same endpoint after other failures', () => {
    const retryOn = ['connect-failure', 'timeout', 'gateway-error'] as const;
    assert.equal(decisionOf({ ...twice, retryOn }, {}, failure('timeout')), 'other timeout');
    assert.equal(decisionOf({ ...twice, retryOn }, {}, { status: 503 }), 'other gateway-error');
  });

  test('at most `attempts` further endpoints; 0 turns off retries on other endpoints, not on the same one', () => {
    const reset = failure('reset');
    assert.equal(decisionOf({}, { attempts: 2, endpointsTried: 2 }, reset), 'other reset');
    assert.equal(decisionOf({}, { attempts: 3, endpointsTried: 3 }, reset), 'no');
    assert.equal(decisionOf({ attempts: 0 }, {}, reset), 'no');
    assert.equal(decisionOf({ attempts: 0, sameEndpoint: 1 }, {}, reset), 'same reset');
  });
});

describe('back-off', () => {
  const after = (policy: Partial<Retry>, state: Partial<AttemptState>) => {
    const d = decideRetry({ ...DEFAULT, ...policy }, { ...FIRST, ...state }, failure('connect', 'none'));
    assert.ok(d.again);
    return d.afterMs;
  };

  test('none before an untried endpoint', () => assert.equal(after({}, { anotherUntried: true }), 0));

  test('before the same endpoint: doubles from base to max, of which half is random', () => {
    const ms = (triesHere: number, u: number) =>
      after({ sameEndpoint: 99 }, { attempts: triesHere, attemptsHere: triesHere, random: () => u });
    assert.deepEqual(
      [1, 2, 3, 4, 5, 60].map((n) => ms(n, 0)),
      [12.5, 25, 50, 100, 125, 125],
    );
    assert.equal(ms(1, 0.5), 18.75);
    assert.ok(ms(9, 1 - 2 ** -53) <= 250);
  });

  test('when all endpoints were tried', () => {
    assert.equal(after({}, { anotherUntried: false, random: () => 0 }), 12.5);
    assert.equal(after({}, { anotherUntried: false, attempts: 2, endpointsTried: 2, random: () => 0 }), 25);
  });

  test('a base of 0 means no wait', () => assert.equal(after({ backOff: { base: 0, max: 0 } }, { anotherUntried: false }), 0));
});

/** Plays a request whose attempts all fail, as the pipeline does. */
function play(policy: Retry, endpoints: number, usable: (endpoint: number, tries: number) => boolean) {
  const tried: number[] = [0];
  const waits: number[] = [];
  let [tries, triesHere, turns, here] = [1, 1, 1, 0];
  for (;;) {
    const another = Array.from({ length: endpoints }, (_, i) => i).find((i) => !tried.includes(i));
    const d = decideRetry(
      policy,
      {
        ...FIRST,
        attempts: tries,
        attemptsHere: triesHere,
        endpointsTried: turns,
        sameEndpointUsable: usable(here, triesHere),
        anotherUntried: another !== undefined,
      },
      failure('connect', 'none'),
    );
    if (!d.again) return { tries, turns, waits, endpoints: new Set(tried).size };
    waits.push(d.afterMs);
    tries++;
    if (d.where === 'same') triesHere++;
    else {
      here = another ?? 0;
      tried.push(here);
      triesHere = 1;
      turns++;
    }
  }
}

test('three attempts some 10 ms apart on one backend, then the next, at most three backends (simplelb)', () => {
  const policy: Retry = { ...DEFAULT, attempts: 2, sameEndpoint: 2, backOff: { base: 13, max: 13 } };
  const played = play(policy, 5, () => true);
  assert.deepEqual([played.tries, played.endpoints], [9, 3]);
  assert.deepEqual(played.waits, [9.75, 9.75, 0, 9.75, 9.75, 0, 9.75, 9.75]);
});

test('at most (attempts + 1)(sameEndpoint + 1) attempts per request', () => {
  const limits = fc.record({ attempts: fc.nat(4), sameEndpoint: fc.nat(4) });
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 6 }), fc.array(fc.boolean(), { minLength: 1 }), (limit, n, flags) => {
      const policy = { ...DEFAULT, ...limit };
      const played = play(policy, n, (e, t) => flags[(e * 7 + t) % flags.length] ?? true);
      assert.ok(played.tries <= (limit.attempts + 1) * (limit.sameEndpoint + 1));
      assert.ok(played.turns <= limit.attempts + 1);
      for (const ms of played.waits) assert.ok(ms >= 0 && ms <= 250);
    }),
  );
});
