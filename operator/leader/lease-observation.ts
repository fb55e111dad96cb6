import { epochOf, isFree, type Candidate, type Lease } from './lease.ts';

/**
 * What a candidate has observed of the Lease, and since when by its own clock. Times on the Lease come from another machine's clock:
 * they only tell one renewal from the next.
 */
export class LeaseObservation {
  #spec: string | undefined;
  #lease: Lease | undefined;
  #since = -Infinity;
  #epoch = 0;

  /** The highest epoch ever observed, on any Lease. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Who holds the Lease; undefined: no one. */
  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity || undefined;
  }

  /**
   * Takes what was read or watched; undefined: there is no Lease. Only a change of the spec counts as a renewal; an annotation does not.
   *
   * @param now monotonic milliseconds
   */
  observe(lease: Lease | undefined, now: number): void {
    const spec = JSON.stringify(lease?.spec);
    if (spec !== this.#spec) this.#since = now;
    this.#spec = spec;
    this.#lease = lease;
    this.#epoch = Math.max(this.#epoch, epochOf(lease));
  }

  /**
   * When the candidate may try to acquire, in monotonic milliseconds.
   *
   * @param duration milliseconds for which a holder that does not renew keeps the Lease
   */
  freeAt(candidate: Candidate, duration: number): number {
    return isFree(this.#lease, candidate) ? -Infinity : this.#since + duration;
  }
}
