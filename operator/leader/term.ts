import type { Lease } from './lease.ts';

/** One moment by both clocks, in milliseconds. */
export interface Moment {
  readonly monotonic: number;
  readonly unix: number;
}

/**
 * One term of leadership: from the acquisition of the Lease to its end. The Lease counts as held for `within` ms after the last
 * renewal was requested, since others saw the renewal no earlier than that.
 *
 * Two clocks, because each has a gap: the wall clock can be set back, and the monotonic one stands still while the machine is
 * suspended. `fresh` depends on no timer, since the timers of a process that was stopped fire late.
 */
export class Term {
  lease: Lease;
  readonly epoch: number;
  readonly #ended = new AbortController();
  readonly #within: number;
  readonly #now: () => Moment;
  #renewed: Moment;
  #expiry: NodeJS.Timeout | undefined;

  constructor(lease: Lease, epoch: number, requested: Moment, within: number, now: () => Moment) {
    this.lease = lease;
    this.epoch = epoch;
    this.#renewed = requested;
    this.#within = within;
    this.#now = now;
    this.prolong(lease, requested);
  }

  /** Aborts when the term ends. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whether the Lease is held at this moment. */
  get fresh(): boolean {
    return !this.#ended.signal.aborted && this.#left() > 0;
  }

  /** A renewal that was requested at that moment has succeeded. */
  prolong(lease: Lease, requested: Moment): void {
    this.lease = lease;
    this.#renewed = requested;
    clearTimeout(this.#expiry);
    if (this.#left() <= 0) return this.end();
    this.#expiry = setTimeout(() => this.end(), this.#left());
  }

  end(): void {
    clearTimeout(this.#expiry);
    this.#ended.abort();
  }

  #left(): number {
    const { monotonic, unix } = this.#now();
    return this.#within - Math.max(monotonic - this.#renewed.monotonic, unix - this.#renewed.unix);
  }
}
