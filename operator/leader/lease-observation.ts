import { epochOf, isFree, type Candidate, type Lease } from './lease.ts';

/**
 * What a candidate has seen of the Lease, and since when on its own clock. Times on the Lease itself are those of another machine:
 * they tell one renewal from the next, and nothing else.
 */
export class Observation {
  #spec: string | undefined;
  #lease: Lease | undefined;
  #since = -Infinity;
  #epoch = 0;

  /** The highest epoch ever seen, of whatever Lease. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Who holds the Lease; undefined: nobody. */
  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity || undefined;
  }

  /**
   * Takes what was read or watched; undefined: there is no Lease. Only another content is a sign of life: an annotation is not.
   *
   * @param now monotonic milliseconds
   */
  see(lease: Lease | undefined, now: number): void {
    const spec = JSON.stringify(lease?.spec);
    if (spec !== this.#spec) this.#since = now;
    this.#spec = spec;
    this.#lease = lease;
    this.#epoch = Math.max(this.#epoch, epochOf(lease));
  }

  /**
   * When the candidate may try, in monotonic milliseconds.
   *
   * @param duration for which a holder is believed in that says nothing
   */
  freeAt(candidate: Candidate, duration: number): number {
    return isFree(this.#lease, candidate) ? -Infinity : this.#since + duration;
  }
}
