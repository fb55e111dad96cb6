import type { PassiveCheck } from '../snapshot/types.ts';
import { FailureWindow } from './failure-window.ts';
import { describeOutcome, judgeOutcome } from './outlier-state.ts';
import type { EjectionReason, Outcome, OutlierState } from './outlier-state.ts';

/** An ejection never lasts longer, unless `baseEjectionTime` itself does. */
const MAX_EJECTION_MS = 300_000;

/** How many endpoints the pool has. */
export interface EndpointCounts {
  /** That may be picked. */
  readonly available: number;
  /** That are active with weight > 0, ejected or not. */
  readonly active: number;
}

/**
 * Passive ejection within one pool: an endpoint whose requests fail takes none for a while. PURE.
 *
 * - Out: after `consecutiveConnectFailures` or `consecutive5xx` in a row, or at `failurePercent` of a window. A connect failure is
 *   a failure like any other, too; an answer below 500 ends both rows.
 * - At once are out at most max(1, ⌊active · percent⌋), and one fit endpoint is always left.
 * - Ejection time is base · 2^level, to 5 minutes. Every ejection raises the level by one; every `baseEjectionTime` spent
 *   outside ejection lowers it by one.
 * - Back: when the time is over, through one trial (a request or a probe), which ejects it again when it fails. Before that by a
 *   passing active check, or because nothing else is left. What ends meanwhile and began before does not count.
 */
export class OutlierDetection<E extends { readonly outlier: OutlierState }> {
  #check: PassiveCheck;
  #ejected: E[] = [];
  /** When the next trial is due, monotonic ms; Infinity: none. In the past: one is due. */
  nextProbationAt = Infinity;

  constructor(check: PassiveCheck) {
    this.#check = check;
  }

  /** New settings from the next result on; present ejections keep their end. */
  configure(check: PassiveCheck): void {
    this.#check = check;
  }

  /** Endpoints that are out, in the order of their ejection. */
  get ejected(): readonly E[] {
    return this.#ejected;
  }

  /**
   * Takes one result; why the endpoint was ejected by it, if it was. A result of its trial goes to `tried` instead.
   * @param now monotonic ms
   */
  record(e: E, seen: Outcome, now: number, counts: EndpointCounts): EjectionReason | undefined {
    const s = e.outlier;
    const v = judgeOutcome(seen);
    if (v === 'unknown' || s.ejected) return undefined;
    const { failurePercent } = this.#check;
    if (failurePercent) this.#windowOf(s, failurePercent.window).add(v === 'fails', now);
    if (v === 'works') {
      s.connectFailures = 0;
      s.failures = 0;
      s.onProbation = false;
      return undefined;
    }
    s.connectFailures = seen === 'connect' ? s.connectFailures + 1 : 0;
    s.failures++;
    const reason = this.#reason(s);
    if (reason === undefined || !this.#mayEject(counts)) return undefined;
    this.#eject(e, this.#evidence(s, reason, seen), now);
    return reason;
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

  #evidence(s: OutlierState, reason: EjectionReason, seen: Outcome): string {
    const last = describeOutcome(seen);
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
    if (!s.ejected) this.#ejected.push(e);
    s.ejected = true;
    this.#scheduleProbation();
  }

  /** The trial that decides about an endpoint begins. */
  beginProbation(e: E, trial: object): void {
    e.outlier.probationRequest = trial;
    this.#scheduleProbation();
  }

  /**
   * What a trial came to: the endpoint is `back`, or ejected again. Undefined: it said nothing, and another one is due, or it is no
   * longer the one that decides.
   */
  recordProbation(e: E, trial: object, seen: Outcome, now: number): 'back' | 'ejected' | undefined {
    const s = e.outlier;
    if (!s.ejected || s.probationRequest !== trial) return undefined;
    s.probationRequest = undefined;
    const v = judgeOutcome(seen);
    if (v === 'fails') this.#eject(e, this.#evidence(s, 'probation', seen), now);
    else if (v === 'works') this.readmit(e, now, seen === 'connected');
    else this.#scheduleProbation();
    return v === 'unknown' ? undefined : v === 'works' ? 'back' : 'ejected';
  }

  /** A passing active check ends an ejection, whether there was one. It says nothing about how requests fare. */
  clear(e: E, now: number): boolean {
    if (!e.outlier.ejected) {
      e.outlier.connectFailures = 0;
      return false;
    }
    this.readmit(e, now, false);
    return true;
  }

  /** Lets an endpoint back in. */
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

  /** The endpoint left the pool. */
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
