import type { Lease } from './lease.ts';

/** One moment on both clocks, in milliseconds. */
export interface Moment {
  readonly monotonic: number;
  readonly unix: number;
}

/**
 * A Lease of ours, until it ends. It counts as held for `within` ms from the moment at which the last renewal was asked for, as
 * others saw it no earlier than that.
 *
 * Two clocks, because each misses something: the wall clock can be set back, and the monotonic one stands still while the whole
 * machine is suspended. Neither waits for a timer, which a process that was stopped gets to only after much else.
 */
export class Term {
  lease: Lease;
  readonly epoch: number;
  readonly #ended = new AbortController();
  readonly #within: number;
  readonly #now: () => Moment;
  #renewed: Moment;
  #expiry: NodeJS.Timeout | undefined;

  constructor(lease: Lease, epoch: number, asked: Moment, within: number, now: () => Moment) {
    this.lease = lease;
    this.epoch = epoch;
    this.#renewed = asked;
    this.#within = within;
    this.#now = now;
    this.prolong(lease, asked);
  }

  /** Aborts at the end. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whether the Lease is held at this very moment. */
  get fresh(): boolean {
    return !this.#ended.signal.aborted && this.#left() > 0;
  }

  /** A renewal that was asked for at that moment has been granted. */
  prolong(lease: Lease, asked: Moment): void {
    this.lease = lease;
    this.#renewed = asked;
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
