import { sleep } from '../util/sleep.ts';
import { renewed } from './lease.ts';
import { isLost, type LeaseStore } from './lease-store.ts';
import type { Moment, Term } from './term.ts';

/** In milliseconds. */
export interface RenewalTiming {
  /** From one renewal to the next. */
  readonly renewEvery: number;
  /** Before a failed renewal is tried again. */
  readonly retry: number;
}

export interface RenewalOptions {
  readonly store: Pick<LeaseStore, 'write'>;
  readonly timing: RenewalTiming;
  readonly now: () => Moment;
  /** A renewal failed and is tried again. */
  readonly failed: (error: Error) => void;
}

/**
 * Renews the Lease until the term ends.
 *
 * @throws when someone else has written or deleted the Lease (409, 404): the version that the term holds is no longer current
 */
export async function renewUntilEnd(term: Term, { store, timing, now, failed }: RenewalOptions): Promise<void> {
  let wait = timing.renewEvery;
  for (;;) {
    await sleep(wait, term.ended);
    // A process that was stopped may get here before the timer that ends the term.
    if (!term.fresh) return;
    const requested = now();
    try {
      term.prolong(await store.write(renewed(term.lease, requested.unix), term.ended), requested);
      wait = timing.renewEvery;
    } catch (error) {
      if (term.ended.aborted) return;
      if (isLost(error)) throw error;
      failed(error as Error);
      wait = timing.retry;
    }
  }
}
