import type { AttemptSpec } from '../message/attempt.ts';

/** Most ms after which a client that waits for 100 (Continue) receives it, whatever the backend does (RFC 9110 §10.1.1). */
const LONGEST = 1_000;

/**
 * The same for one try, ms: at most half of the time after which the try would fail if nothing happened, so that waiting is no failure of
 * the backend.
 * @param now monotonic milliseconds.
 */
export function continueTimeout({ timeouts, deadline }: AttemptSpec, now: number): number {
  const idle = timeouts.idle > 0 ? timeouts.idle : Infinity;
  return Math.min(LONGEST, Math.min(idle, deadline - now) / 2);
}
