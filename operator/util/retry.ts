import { backOff, type BackOffLimits } from './backoff.ts';
import { sleep } from './sleep.ts';

const LIMITS: BackOffLimits = { base: 250, max: 10_000 };

/**
 * Repeats an attempt, with back-off, until it succeeds.
 *
 * @throws the signal's reason when it aborts, and nothing else
 */
export async function retryUntilSuccess<T>(
  attempt: () => Promise<T>,
  failed: (error: Error) => void,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      failed(error as Error);
      await sleep(backOff(failures, LIMITS, Math.random), signal);
    }
  }
}

export interface RetryLimits extends BackOffLimits {
  /** In all, at least 1. */
  readonly attempts: number;
}

/**
 * Repeats an attempt, with back-off, until it succeeds or has failed too often.
 *
 * @throws the last error, or the signal's reason when it aborts
 */
export async function retryTimes<T>(attempt: () => Promise<T>, limits: RetryLimits, signal: AbortSignal): Promise<T> {
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (failures >= limits.attempts) throw error;
      await sleep(backOff(failures, limits, Math.random), signal);
    }
  }
}
