import type { Failure } from '../message/attempt.ts';
import type { Retry } from '../snapshot/types.ts';

/** Why a request is tried again; a label of metrics. */
export type RetryReason = 'connect-failure' | 'reset' | 'timeout' | 'gateway-error' | 'status' | 'probation';

/** How far a request has come; asked after a try has ended, which is counted here. */
export interface AttemptState {
  /** Tries made, ≥ 1. */
  readonly tries: number;
  /** Of these, how many in a row on the present endpoint, ≥ 1. */
  readonly triesHere: number;
  /** Turns at endpoints, ≥ 1: coming back to one after a try elsewhere counts again. */
  readonly endpointsTried: number;
  readonly idempotent: boolean;
  /** Whether the request can be sent again from its start; true where nothing of it was consumed. */
  readonly replayable: boolean;
  /** Whether the present endpoint may take work. */
  readonly sameEndpointUsable: boolean;
  /** Whether the try was made to find out whether an ejected endpoint works again. */
  readonly onProbation: boolean;
  /** Whether a usable endpoint is left that this request has not tried. */
  readonly anotherUntried: boolean;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export type RetryDecision =
  | { readonly again: false }
  | {
      readonly again: true;
      /** `other` where no untried endpoint is left means: all were tried, take any that is usable. */
      readonly where: 'same' | 'other';
      /** Milliseconds to wait first. */
      readonly afterMs: number;
      readonly reason: RetryReason;
    };

const NO: RetryDecision = { again: false };
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether sending a request of this method twice has the effect of sending it once (RFC 9110, section 9.2.2). */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/**
 * Whether, where and when a request is tried again.
 *
 *   outcome            asks `retryOn` for    same endpoint   another endpoint
 *   connect            connect-failure       yes             yes
 *   reset              reset                 yes             yes
 *   timeout            timeout               no              yes
 *   protocol           (never)               no              no        it answered; another try hides a broken backend
 *   client-gone        (never)               no              no
 *   502, 503, 504      gateway-error | code  no              yes
 *   any other status   code                  no              yes
 *   a failed trial     (always)              no              yes       this client did not ask to find out
 *
 * and only where the request can be sent again: it is replayable, and it is idempotent or the backend did none of it. The same
 * endpoint gets `sameEndpoint` further tries before `attempts` further endpoints are used.
 */
export function decideRetry(policy: Retry, s: AttemptState, outcome: Failure | { readonly status: number }): RetryDecision {
  const reason = reasonOf(policy, s, outcome);
  if (reason === undefined || !s.replayable) return NO;
  const unprocessed = !('status' in outcome) && outcome.sent !== 'maybe';
  if (!unprocessed && !s.idempotent && !policy.nonIdempotent) return NO;
  if (s.tries >= (policy.attempts + 1) * (policy.sameEndpoint + 1)) return NO;

  const connectionFailed = !('status' in outcome) && (outcome.kind === 'connect' || outcome.kind === 'reset');
  if (connectionFailed && !s.onProbation && s.sameEndpointUsable && s.triesHere <= policy.sameEndpoint) {
    return { again: true, where: 'same', afterMs: backOff(policy, s.triesHere - 1, s.random), reason };
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

/** Milliseconds: base · 2^n up to the maximum, of that between half and the whole, so that clients do not come back together. */
function backOff(policy: Retry, n: number, random: () => number): number {
  const whole = Math.min(policy.backOff.max, policy.backOff.base * 2 ** Math.min(n, 30));
  return whole / 2 + (whole / 2) * random();
}
