import type { Failure } from '../message/attempt.ts';
import type { Retry } from '../snapshot/types.ts';

/** Why a request is retried; a metrics label. */
export type RetryReason = 'connect-failure' | 'reset' | 'timeout' | 'gateway-error' | 'status' | 'probation';

/** The progress of a request after an attempt has ended; that attempt is included. */
export interface AttemptState {
  /** Attempts made, ≥ 1. */
  readonly attempts: number;
  /** Consecutive attempts on the present endpoint, ≥ 1. */
  readonly attemptsHere: number;
  /** Endpoints used, ≥ 1; an endpoint that is used again after another one counts again. */
  readonly endpointsTried: number;
  readonly idempotent: boolean;
  /** Whether the request can be sent again from its start; true if nothing of it was consumed. */
  readonly replayable: boolean;
  /** Whether the present endpoint may take requests. */
  readonly sameEndpointUsable: boolean;
  /** Whether the attempt was a probation request: a test of an ejected endpoint. */
  readonly onProbation: boolean;
  /** Whether a usable endpoint is left that was not tried. */
  readonly anotherUntried: boolean;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export type RetryDecision =
  | { readonly again: false }
  | {
      readonly again: true;
      /** `other`: an untried endpoint, or any usable one if all were tried. */
      readonly where: 'same' | 'other';
      /** Milliseconds to wait first. */
      readonly afterMs: number;
      readonly reason: RetryReason;
    };

const NO: RetryDecision = { again: false };
const IDEMPOTENT: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'],
  // Safe by their own documents: RFC 10008, RFC 4918, RFC 3253, RFC 5323.
  ...['QUERY', 'PROPFIND', 'REPORT', 'SEARCH'],
]);

/**
 * Whether sending a request of this method twice has the effect of sending it once (RFC 9110, section 9.2.2). Methods such as MOVE are
 * registered as idempotent as well, but the second request of two fails.
 */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/**
 * Decides whether, where and when a request is retried.
 *
 *   outcome            needs `retryOn`       same endpoint   another endpoint
 *   connect            connect-failure       yes             yes
 *   reset              reset                 yes             yes
 *   timeout            timeout               no              yes
 *   protocol           (never)               no              no        it answered; a retry hides a broken backend
 *   client-gone        (never)               no              no
 *   502, 503, 504      gateway-error | code  no              yes
 *   any other status   code                  no              yes
 *   failed probation   (always)              no              yes       the client did not ask for the test
 *
 * In addition the request must be replayable, and idempotent or unprocessed by the backend. The same endpoint gets `sameEndpoint`
 * further attempts before `attempts` further endpoints are used.
 */
export function decideRetry(policy: Retry, s: AttemptState, outcome: Failure | { readonly status: number }): RetryDecision {
  const reason = reasonOf(policy, s, outcome);
  if (reason === undefined || !s.replayable) return NO;
  const unprocessed = !('status' in outcome) && outcome.sent !== 'maybe';
  if (!unprocessed && !s.idempotent && !policy.nonIdempotent) return NO;
  if (s.attempts >= (policy.attempts + 1) * (policy.sameEndpoint + 1)) return NO;

  const connectionFailed = !('status' in outcome) && (outcome.kind === 'connect' || outcome.kind === 'reset');
  if (connectionFailed && !s.onProbation && s.sameEndpointUsable && s.attemptsHere <= policy.sameEndpoint) {
    return { again: true, where: 'same', afterMs: backOff(policy, s.attemptsHere - 1, s.random), reason };
  }
  if (s.endpointsTried > policy.attempts) return NO;
  const afterMs = s.anotherUntried ? 0 : backOff(policy, s.endpointsTried - 1, s.random);
  return { again: true, where: 'other', afterMs, reason };
}

function reasonOf(policy: Retry, s: AttemptState, outcome: Failure | { readonly status: number }): RetryReason | undefined {
  if (!s.onProbation) return 'status' in outcome ? statusReason(policy, outcome.status) : failureReason(policy, outcome);
  const failed = 'status' in outcome ? outcome.status >= 500 : outcome.kind !== 'client-gone';
  return failed ? 'probation' : undefined;
}

function statusReason(policy: Retry, status: number): RetryReason | undefined {
  if (status >= 502 && status <= 504 && policy.retryOn.includes('gateway-error')) return 'gateway-error';
  return policy.retryOn.includes(status) ? 'status' : undefined;
}

function failureReason(policy: Retry, failure: Failure): RetryReason | undefined {
  const reason = REASONS[failure.kind];
  return reason !== undefined && policy.retryOn.includes(reason) ? reason : undefined;
}

const REASONS: Readonly<Record<Failure['kind'], 'connect-failure' | 'reset' | 'timeout' | undefined>> = {
  connect: 'connect-failure',
  reset: 'reset',
  timeout: 'timeout',
  protocol: undefined,
  'client-gone': undefined,
};

/** Milliseconds: base · 2^n up to the maximum, of which half is random, so that clients do not retry in step. */
function backOff(policy: Retry, n: number, random: () => number): number {
  const whole = Math.min(policy.backOff.max, policy.backOff.base * 2 ** Math.min(n, 30));
  return whole / 2 + (whole / 2) * random();
}
