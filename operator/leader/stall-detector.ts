import type { Moment } from './term.ts';

/** Detects that this process was stopped for a while: by a signal, because the machine was suspended, or by a long computation. */
export interface StallDetector {
  /** Whether it was stopped since the last `clear`. Correct even before any timer has fired after the stop. */
  readonly stalled: boolean;
  clear(): void;
  stop(): void;
}

/** Milliseconds between two ticks. */
const TICK = 500;

/** @param limit milliseconds without a tick, by either clock */
export function createStallDetector(limit: number, now: () => Moment): StallDetector {
  let last = now();
  let stalled = false;
  const tick = (): void => {
    const at = now();
    stalled ||= Math.max(at.monotonic - last.monotonic, at.unix - last.unix) > limit;
    last = at;
  };
  const timer = setInterval(tick, TICK);
  timer.unref();
  return {
    get stalled() {
      tick();
      return stalled;
    },
    clear: () => void (stalled = false),
    stop: () => clearInterval(timer),
  };
}
