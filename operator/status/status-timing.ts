import type { BackOffLimits } from '../util/backoff.ts';

export interface StatusTiming {
  /** Milliseconds between two writes of one policy that change only counts and messages. */
  readonly counts: number;
  readonly retry: BackOffLimits;
  /** Parallel writes. */
  readonly concurrency: number;
}

export const STATUS_TIMING: StatusTiming = { counts: 10_000, retry: { base: 500, max: 30_000 }, concurrency: 4 };
