import type { FailureKind } from '../message/attempt.ts';
import type { FailureWindow } from './failure-window.ts';

/**
 * What a try came to, as far as its endpoint goes: the status it answered with, how it failed, or that its answer broke off.
 * `connected`: it was only asked for a connection.
 */
export type Outcome = number | FailureKind | 'broken' | 'connected';

/** Why an endpoint was ejected; a label of metrics. */
export const EJECTION_REASONS = ['consecutive-connect-failures', 'consecutive-5xx', 'failure-percent', 'probation'] as const;
export type EjectionReason = (typeof EJECTION_REASONS)[number];

/**
 * What passive checks know of one endpoint of one pool. The endpoint holds it, so that a result needs no look-up. PURE: only
 * outlier-detection.ts changes it.
 */
export class OutlierState {
  /** Connect failures in a row. */
  connectFailures = 0;
  /** Failures of any kind in a row. */
  failures = 0;
  /** Absent until a failure percentage asks for it. */
  window: FailureWindow | undefined;
  /** Came back without having answered a request: its next failure ejects it again. */
  onProbation = false;
  /** Ejected, until something lets it back in: time alone does not. */
  ejected = false;
  /** What lets it back in or not, while that is under way. */
  probationRequest: object | undefined;
  /** Ejections so far, less what was forgiven: the exponent of the next ejection time. */
  ejectionLevel = 0;
  /** When the ejection is over and a trial is due; once back, when it came back. Monotonic ms. */
  ejectedUntil = 0;
  /** Why it is out, in words. */
  evidence = '';
}

const WORDS: Readonly<Record<Exclude<Outcome, number>, string>> = {
  connect: 'connect failure',
  reset: 'connection reset',
  timeout: 'time-out',
  protocol: 'malformed response',
  broken: 'response broken off',
  connected: 'connection',
  'client-gone': 'client gone',
};

/** For people. */
export function describeOutcome(seen: Outcome): string {
  return typeof seen === 'number' ? `HTTP ${seen}` : WORDS[seen];
}

/**
 *   what was seen                                          says about the endpoint
 *   status below 500, connected                            it works
 *   connect, reset, timeout, protocol, broken, 5xx         it fails
 *   client-gone                                            nothing
 */
export function judgeOutcome(seen: Outcome): 'works' | 'fails' | 'unknown' {
  if (typeof seen === 'number') return seen < 500 ? 'works' : 'fails';
  if (seen === 'client-gone') return 'unknown';
  return seen === 'connected' ? 'works' : 'fails';
}
