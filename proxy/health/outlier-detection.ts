import type { PassiveCheck } from '../snapshot/types.ts';
import { FailureWindow } from './failure-window.ts';
import { describeOutcome, judgeOutcome } from './outlier-state.ts';
import type { EjectionReason, Outcome, OutlierState } from './outlier-state.ts';

/** Longest ejection, unless `baseEjectionTime` itself is longer. */
const MAX_EJECTION_MS = 300_000;

/** How many endpoints the set has. */
export interface EndpointCounts {
  /** Endpoints that may be picked. */
  readonly available: number;
  /** Active endpoints with weight > 0, ejected or not. */
  readonly active: number;
}

/**
 * Outlier detection within one endpoint set: an endpoint whose requests fail is ejected for a while. PURE.
 *
 * - Ejected: after `consecutiveConnectFailures` or `consecutive5xx`, or at `failurePercent` of a window. A connect failure also
 * counts
 *   as a failure of any kind; an answer below 500 resets both counters.
 * - At most max(1, ⌊active · percent⌋) endpoints are ejected at a time, and one available endpoint is always left.
 * - Ejection time is base · 2^level, up to 5 minutes. Every ejection raises the level by one; every `baseEjectionTime` spent
 *   outside ejection lowers it by one.
 * - Readmitted: when the time is over and one probation request or probe succeeds; if it fails, the endpoint is ejected again.
 * Earlier
 *   by a passing active check, or when nothing else is left. Attempts that began before and end during the ejection do not count.
 * - Refusing: had `consecutiveConnectFailures` and was not ejected, because of the rule about how many are. Ends with an answer below 500;
 *   after `baseEjectionTime` also with a connection or a passing active check.
 */
export class OutlierDetection<E extends { readonly outlier: OutlierState }> {
  #check: PassiveCheck;
  #ejected: E[] = [];
  /** When the next probation request is due, monotonic ms; in the past: now; Infinity: none. */
  nextProbationAt = Infinity;

  constructor(check: PassiveCheck) {
    this.#check = check;
  }

  /** New settings apply from the next result; present ejections keep their end. */
  configure(check: PassiveCheck): void {
    this.#check = check;
  }

  /** Ejected endpoints, in the order of their ejection. */
  get ejected(): readonly E[] {
    return this.#ejected;
  }

  /**
   * Records one outcome; returns the reason if it ejected the endpoint. Outcomes of probation requests go to `recordProbation`.
   * @param now monotonic ms
   */
  record(e: E, outcome: Outcome, now: number, counts: EndpointCounts): EjectionReason | undefined {
    const s = e.outlier;
    const v = judgeOutcome(outcome);
    if (v === 'unknown' || s.ejected) return undefined;
    const { failurePercent } = this.#check;
    if (failurePercent) this.#windowOf(s, failurePercent.window).add(v === 'fails', now);
    if (v === 'works') {
      s.connectFailures = 0;
      s.failures = 0;
      s.onProbation = false;
      s.refusing = false;
      return undefined;
    }
    s.connectFailures = outcome === 'connect' ? s.connectFailures + 1 : 0;
    s.failures++;
    const reason = this.#reason(s);
    if (reason !== undefined && this.#mayEject(counts)) {
      this.#eject(e, this.#evidence(s, reason, outcome), now);
      return reason;
    }
    if (!s.refusing && s.connectFailures >= this.#check.consecutiveConnectFailures) this.#refuses(s, now);
    return undefined;
  }

  #refuses(s: OutlierState, now: number): void {
    s.refusing = true;
    s.testAt = now + this.#check.baseEjectionTime;
  }

  /** What is known of an endpoint that is `refusing`, in words. */
  get refusal(): string {
    const { consecutiveConnectFailures: n } = this.#check;
    return n === 1 ? 'connect failure' : `${n} connect failures in a row`;
  }

  /** Whether a connection must show that an endpoint still refuses. */
  isTestDue({ outlier: { refusing, testAt } }: E, now: number): boolean {
    return refusing && now >= testAt;
  }

  beginTest(e: E): void {
    e.outlier.testAt = Infinity;
  }

  /** Records whether the endpoint accepted a connection. */
  recordTest({ outlier: s }: E, ok: boolean, now: number): void {
    if (s.testAt !== Infinity || !s.refusing) return;
    if (ok) s.refusing = false;
    else this.#refuses(s, now);
  }

  #windowOf(s: OutlierState, length: number): FailureWindow {
    if (s.window?.length !== length) s.window = new FailureWindow(length);
    return s.window;
  }

  #reason(s: OutlierState): EjectionReason | undefined {
    const { consecutiveConnectFailures, consecutive5xx = 0, failurePercent: percent } = this.#check;
    if (s.onProbation) return 'probation';
    if (s.connectFailures >= consecutiveConnectFailures) return 'consecutive-connect-failures';
    if (consecutive5xx > 0 && s.failures >= consecutive5xx) return 'consecutive-5xx';
    const w = s.window;
    if (!percent || !w || w.total < percent.minRequests || w.failed * 100 < percent.threshold * w.total) return undefined;
    return 'failure-percent';
  }

  #mayEject({ available, active }: EndpointCounts): boolean {
    const share = Math.floor((active * this.#check.maxEjectionPercent) / 100);
    return this.#ejected.length < Math.max(1, share) && available > 1;
  }

  #evidence(s: OutlierState, reason: EjectionReason, outcome: Outcome): string {
    const last = describeOutcome(outcome);
    switch (reason) {
      case 'consecutive-connect-failures':
        return s.connectFailures === 1 ? 'connect failure' : `${s.connectFailures} connect failures in a row`;
      case 'consecutive-5xx':
        return s.failures === 1 ? last : `${s.failures} failures in a row, the last one: ${last}`;
      case 'failure-percent':
        return `${s.window?.failed} of ${s.window?.total} requests failed within ${seconds(s.window?.length ?? 0)}, the last one: ${last}`;
      case 'probation':
        return `${last} on probation`;
    }
  }

  #eject(e: E, evidence: string, now: number): void {
    const s = e.outlier;
    const base = this.#check.baseEjectionTime;
    const forgiven = s.ejected ? 0 : Math.floor(Math.max(0, now - s.ejectedUntil) / Math.max(1, base));
    s.ejectionLevel = Math.max(0, s.ejectionLevel - forgiven);
    const lasts = Math.max(base, Math.min(MAX_EJECTION_MS, base * 2 ** s.ejectionLevel));
    s.ejectionLevel++;
    s.ejectedUntil = now + lasts;
    s.evidence = `${evidence}, ejected for ${seconds(lasts)}`;
    s.probationRequest = undefined;
    s.refusing = false;
    if (!s.ejected) this.#ejected.push(e);
    s.ejected = true;
    this.#scheduleProbation();
  }

  /** The probation request that decides about an endpoint begins. */
  beginProbation(e: E, request: object): void {
    e.outlier.probationRequest = request;
    this.#scheduleProbation();
  }

  /**
   * Records the outcome of a probation request: the endpoint is `back`, or ejected again. Undefined: the outcome was inconclusive
   * and another request is due, or this request no longer decides.
   */
  recordProbation(e: E, request: object, outcome: Outcome, now: number): 'back' | 'ejected' | undefined {
    const s = e.outlier;
    if (!s.ejected || s.probationRequest !== request) return undefined;
    s.probationRequest = undefined;
    const v = judgeOutcome(outcome);
    if (v === 'fails') this.#eject(e, this.#evidence(s, 'probation', outcome), now);
    else if (v === 'works') this.readmit(e, now, outcome === 'connected');
    else this.#scheduleProbation();
    return v === 'unknown' ? undefined : v === 'works' ? 'back' : 'ejected';
  }

  /**
   * A passing active check ends an ejection; returns whether there was one. It clears connect failures only, since it says nothing
   * about how requests fare.
   */
  clear(e: E, now: number): boolean {
    if (!e.outlier.ejected) {
      e.outlier.connectFailures = 0;
      if (now >= e.outlier.testAt) e.outlier.refusing = false;
      return false;
    }
    this.readmit(e, now, false);
    return true;
  }

  /** Ends an ejection. */
  readmit(e: E, now: number, onParole: boolean): void {
    const s = e.outlier;
    this.remove(e);
    s.connectFailures = 0;
    s.failures = 0;
    s.window?.clear();
    s.onProbation = onParole;
    s.ejectedUntil = now;
    s.evidence = '';
  }

  /** The endpoint left the set. */
  remove(e: E): void {
    if (!e.outlier.ejected) return;
    e.outlier.ejected = false;
    e.outlier.probationRequest = undefined;
    this.#ejected = this.#ejected.filter((other) => other !== e);
    this.#scheduleProbation();
  }

  #scheduleProbation(): void {
    this.nextProbationAt = Infinity;
    for (const { outlier } of this.#ejected)
      if (!outlier.probationRequest) this.nextProbationAt = Math.min(this.nextProbationAt, outlier.ejectedUntil);
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
