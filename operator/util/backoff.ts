export interface BackOffLimits {
  /** Milliseconds before the first retry, at most. */
  readonly base: number;
  /** Milliseconds between retries, at most. */
  readonly max: number;
}

/**
 * Milliseconds to wait after the given number of failures in a row (from 1): doubles up to `max`, and half of it is random, so
 * that many clients that failed together do not return together.
 */
export function backOff(failures: number, { base, max }: BackOffLimits, random: () => number): number {
  const ceiling = Math.min(max, base * 2 ** Math.min(failures - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}
