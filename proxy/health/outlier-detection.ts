import type { PassiveCheck } from '../snapshot/types.ts';
import { FailureWindow } from './failure-window.ts';
import { describeSeen, verdict } from './outlier-state.ts';
import type { EjectionReason, Seen, Suspect } from './outlier-state.ts';

/** An ejection never lasts longer, unless `baseEjectionTime` itself does. */
const LONGEST_EJECTION_MS = 300_000;

/** How many endpoints the pool has. */
export interface Counts {
  /** That may be picked. */
  readonly fit: number;
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
export class Outlier<E extends { readonly suspect: Suspect }> {
  #check: PassiveCheck;
  #out: E[] = [];
  /** When the next trial is due, monotonic ms; Infinity: none. In the past: one is due. */
  nextDue = Infinity;

  constructor(check: PassiveCheck) {
    this.#check = check;
  }

  /** New settings from the next result on; present ejections keep their end. */
  configure(check: PassiveCheck): void {
    this.#check = check;
  }

  /** Endpoints that are out, in the order of their ejection. */
  get out(): readonly E[] {
    return this.#out;
  }

  /**
   * Takes one result; why the endpoint was ejected by it, if it was. A result of its trial goes to `tried` instead.
   * @param now monotonic ms
   */
  record(e: E, seen: Seen, now: number, counts: Counts): EjectionReason | undefined {
    const s = e.suspect;
    const v = verdict(seen);
    if (v === 'unknown' || s.out) return undefined;
    const { failurePercent } = this.#check;
    if (failurePercent) this.#windowOf(s, failurePercent.window).add(v === 'fails', now);
    if (v === 'works') {
      s.refused = 0;
      s.failed = 0;
      s.onParole = false;
      return undefined;
    }
    s.refused = seen === 'connect' ? s.refused + 1 : 0;
    s.failed++;
    const reason = this.#reason(s);
    if (reason === undefined || !this.#mayEject(counts)) return undefined;
    this.#eject(e, this.#evidence(s, reason, seen), now);
    return reason;
  }

  #windowOf(s: Suspect, length: number): FailureWindow {
    if (s.window?.length !== length) s.window = new FailureWindow(length);
    return s.window;
  }

  #reason(s: Suspect): EjectionReason | undefined {
    const { consecutiveConnectFailures, consecutive5xx = 0, failurePercent: percent } = this.#check;
    if (s.onParole) return 'probation';
    if (s.refused >= consecutiveConnectFailures) return 'consecutive-connect-failures';
    if (consecutive5xx > 0 && s.failed >= consecutive5xx) return 'consecutive-5xx';
    const w = s.window;
    if (!percent || !w || w.total < percent.minRequests || w.failed * 100 < percent.threshold * w.total) return undefined;
    return 'failure-percent';
  }

  #mayEject({ fit, active }: Counts): boolean {
    const share = Math.floor((active * this.#check.maxEjectionPercent) / 100);
    return this.#out.length < Math.max(1, share) && fit > 1;
  }

  #evidence(s: Suspect, reason: EjectionReason, seen: Seen): string {
    const last = describeSeen(seen);
    switch (reason) {
      case 'consecutive-connect-failures':
        return s.refused === 1 ? 'connect failure' : `${s.refused} connect failures in a row`;
      case 'consecutive-5xx':
        return s.failed === 1 ? last : `${s.failed} failures in a row, the last one: ${last}`;
      case 'failure-percent':
        return `${s.window?.failed} of ${s.window?.total} requests failed within ${seconds(s.window?.length ?? 0)}, the last one: ${last}`;
      case 'probation':
        return `${last} on probation`;
    }
  }

  #eject(e: E, evidence: string, now: number): void {
    const s = e.suspect;
    const base = this.#check.baseEjectionTime;
    const forgiven = s.out ? 0 : Math.floor(Math.max(0, now - s.until) / Math.max(1, base));
    s.level = Math.max(0, s.level - forgiven);
    const lasts = Math.max(base, Math.min(LONGEST_EJECTION_MS, base * 2 ** s.level));
    s.level++;
    s.until = now + lasts;
    s.evidence = `${evidence}, ejected for ${seconds(lasts)}`;
    s.trial = undefined;
    if (!s.out) this.#out.push(e);
    s.out = true;
    this.#look();
  }

  /** The trial that decides about an endpoint begins. */
  begin(e: E, trial: object): void {
    e.suspect.trial = trial;
    this.#look();
  }

  /**
   * What a trial came to: the endpoint is `back`, or ejected again. Undefined: it said nothing, and another one is due, or it is no
   * longer the one that decides.
   */
  tried(e: E, trial: object, seen: Seen, now: number): 'back' | 'ejected' | undefined {
    const s = e.suspect;
    if (!s.out || s.trial !== trial) return undefined;
    s.trial = undefined;
    const v = verdict(seen);
    if (v === 'fails') this.#eject(e, this.#evidence(s, 'probation', seen), now);
    else if (v === 'works') this.readmit(e, now, seen === 'connected');
    else this.#look();
    return v === 'unknown' ? undefined : v === 'works' ? 'back' : 'ejected';
  }

  /** A passing active check ends an ejection, whether there was one. It says nothing about how requests fare. */
  absolve(e: E, now: number): boolean {
    if (!e.suspect.out) {
      e.suspect.refused = 0;
      return false;
    }
    this.readmit(e, now, false);
    return true;
  }

  /** Lets an endpoint back in. */
  readmit(e: E, now: number, onParole: boolean): void {
    const s = e.suspect;
    this.forget(e);
    s.refused = 0;
    s.failed = 0;
    s.window?.clear();
    s.onParole = onParole;
    s.until = now;
    s.evidence = '';
  }

  /** The endpoint left the pool. */
  forget(e: E): void {
    if (!e.suspect.out) return;
    e.suspect.out = false;
    e.suspect.trial = undefined;
    this.#out = this.#out.filter((other) => other !== e);
    this.#look();
  }

  #look(): void {
    this.nextDue = Infinity;
    for (const { suspect } of this.#out) if (!suspect.trial) this.nextDue = Math.min(this.nextDue, suspect.until);
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
