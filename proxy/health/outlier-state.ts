import type { FailureKind } from '../message/attempt.ts';
import type { FailureWindow } from './failure-window.ts';

/**
 * The outcome of an attempt as evidence about its endpoint: the status, how it failed, or that the response broke off. `connected`:
 * only a connection was requested.
 */
export type Outcome = number | FailureKind | 'broken' | 'connected';

/** Why an endpoint was ejected; a metrics label. */
export const EJECTION_REASONS = ['consecutive-connect-failures', 'consecutive-5xx', 'failure-percent', 'probation'] as const;
export type EjectionReason = (typeof EJECTION_REASONS)[number];

/**
 * What outlier detection knows of one endpoint. The endpoint holds it, so that recording an outcome needs no look-up. PURE: changed
 * by outlier-detection.ts only.
 */
export class OutlierState {
  /** Consecutive connect failures. */
  connectFailures = 0;
  /** Consecutive failures of any kind. */
  failures = 0;
  /** Undefined unless `failurePercent` is configured. */
  window: FailureWindow | undefined;
  /** Readmitted without having answered a request: the next failure ejects it again. */
  onProbation = false;
  /** Ejected until readmitted; the end of the ejection time alone does not readmit. */
  ejected = false;
  /** The probation request in progress, which decides about readmission. */
  probationRequest: object | undefined;
  /** Ejections so far, less those that expired: the exponent of the next ejection time. */
  ejectionLevel = 0;
  /** While ejected: when the ejection time is over and a probation request is due; else when it was readmitted. Monotonic ms. */
  ejectedUntil = 0;
  /** It refuses connections, and could not be ejected: too many others are, or none is left. Requests are still sent to it. */
  refusing = false;
  /** While `refusing`: when a connection may show whether it still does. Monotonic ms; Infinity while that is tried. */
  testAt = Infinity;
  /** Why it is ejected, in words. */
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

/** For logs and status messages. */
export function describeOutcome(outcome: Outcome): string {
  return typeof outcome === 'number' ? `HTTP ${outcome}` : WORDS[outcome];
}

/**
 *   outcome                                                the endpoint
 *   status below 500, connected                            works
 *   connect, reset, timeout, protocol, broken, 5xx         fails
 *   client-gone                                            unknown
 */
export function judgeOutcome(outcome: Outcome): 'works' | 'fails' | 'unknown' {
  if (typeof outcome === 'number') return outcome < 500 ? 'works' : 'fails';
  if (outcome === 'client-gone') return 'unknown';
  return outcome === 'connected' ? 'works' : 'fails';
}
