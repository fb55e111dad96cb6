import type { PassiveCheck } from '../snapshot/types.ts';

/** An ejection never lasts longer, unless `baseEjectionTime` itself does. */
const LONGEST_EJECTION_MS = 300_000;

/** What is known against one endpoint. */
interface Suspect {
  /** Connect failures in a row. */
  failures: number;
  /** Ejections so far, less what was forgiven: the exponent of the next ejection time. */
  level: number;
  ejected: boolean;
  /** End of the last ejection, monotonic ms. */
  until: number;
  /** Length of the last ejection, ms. */
  lasted: number;
}

/**
 * Passive ejection within one pool: an endpoint whose connects fail several times in a row takes no work for a while. PURE.
 *
 * - Ejection time is base · 2^level, to 5 minutes. Every ejection raises the level by one; every `baseEjectionTime` spent
 *   outside ejection lowers it by one.
 * - An endpoint that returns is on probation: failures in a row go on counting, so one more ejects it again; an answer clears it.
 * - Ejected at once are at most max(1, ⌊active · percent⌋), and one usable endpoint is always left.
 */
export class Outlier {
  #check: PassiveCheck;
  readonly #suspects = new Map<string, Suspect>();

  constructor(check: PassiveCheck) {
    this.#check = check;
  }

  /** New settings from the next result on; present ejections keep their end. */
  configure(check: PassiveCheck): void {
    this.#check = check;
  }

  /**
   * Takes one result of a request; whether the endpoint was ejected by it.
   * @param outcome `other`: anything that shows the endpoint accepts connections; clears the count
   * @param now monotonic ms
   * @param usableCount endpoints that may be picked now, this one included if it may
   * @param activeCount endpoints that are active with weight > 0, ejected or not
   */
  record(id: string, outcome: 'connect-failure' | 'other', now: number, usableCount: number, activeCount: number): boolean {
    const known = this.#suspects.get(id);
    if (outcome === 'other') {
      if (known !== undefined) known.failures = 0;
      return false;
    }
    const suspect = known ?? { failures: 0, level: 0, ejected: false, until: 0, lasted: 0 };
    if (known === undefined) this.#suspects.set(id, suspect);
    suspect.failures++;
    if (suspect.failures < this.#check.consecutiveConnectFailures || isOut(suspect, now)) return false;
    if (!this.#mayEject(now, usableCount, activeCount)) return false;
    this.#eject(suspect, now);
    return true;
  }

  #mayEject(now: number, usableCount: number, activeCount: number): boolean {
    let out = 0;
    for (const suspect of this.#suspects.values()) if (isOut(suspect, now)) out++;
    const share = Math.floor((activeCount * this.#check.maxEjectionPercent) / 100);
    return out < Math.max(1, share) && usableCount > 1;
  }

  #eject(suspect: Suspect, now: number): void {
    const base = this.#check.baseEjectionTime;
    const forgiven = Math.floor(Math.max(0, now - suspect.until) / Math.max(1, base));
    suspect.level = Math.max(0, suspect.level - forgiven);
    suspect.lasted = Math.max(base, Math.min(LONGEST_EJECTION_MS, base * 2 ** suspect.level));
    suspect.until = now + suspect.lasted;
    suspect.ejected = true;
    suspect.level++;
  }

  isEjected(id: string, now: number): boolean {
    const suspect = this.#suspects.get(id);
    return suspect !== undefined && isOut(suspect, now);
  }

  /** When the next ejection ends, monotonic ms; Infinity where there is none. */
  nextReturn(): number {
    let next = Infinity;
    for (const suspect of this.#suspects.values()) if (suspect.ejected) next = Math.min(next, suspect.until);
    return next;
  }

  /** Endpoints whose ejection has ended since the last call. */
  returned(now: number): string[] {
    const back: string[] = [];
    for (const [id, suspect] of this.#suspects) {
      if (!suspect.ejected || suspect.until > now) continue;
      suspect.ejected = false;
      back.push(id);
    }
    return back;
  }

  /** A passing active check ends an ejection and clears the count; whether there was an ejection to end. */
  absolve(id: string): boolean {
    const suspect = this.#suspects.get(id);
    if (suspect === undefined) return false;
    const ended = suspect.ejected;
    suspect.ejected = false;
    suspect.failures = 0;
    return ended;
  }

  /** The endpoint left the pool. */
  forget(id: string): void {
    this.#suspects.delete(id);
  }

  /** What speaks against the endpoint, for people; empty when nothing does. */
  evidence(id: string): string {
    const suspect = this.#suspects.get(id);
    if (suspect === undefined || suspect.failures === 0) return '';
    const failures = `${suspect.failures} connect failure${suspect.failures === 1 ? '' : 's in a row'}`;
    return suspect.ejected ? `${failures}, ejected for ${suspect.lasted / 1000} s` : failures;
  }
}

function isOut(suspect: Suspect, now: number): boolean {
  return suspect.ejected && suspect.until > now;
}
