import type { Moment } from './term.ts';

/** Notices that this process was stopped for a while: by a signal, by a machine that was suspended, by itself. */
export interface StallWatch {
  /** Whether it was, since the last `clear`. Needs no timer to have fired since it goes on. */
  readonly stalled: boolean;
  clear(): void;
  stop(): void;
}

/** Milliseconds between two beats. */
const BEAT = 500;

/** @param limit milliseconds without a beat, by either clock */
export function watchStalls(limit: number, now: () => Moment): StallWatch {
  let last = now();
  let stalled = false;
  const beat = (): void => {
    const at = now();
    stalled ||= Math.max(at.monotonic - last.monotonic, at.unix - last.unix) > limit;
    last = at;
  };
  const timer = setInterval(beat, BEAT);
  timer.unref();
  return {
    get stalled() {
      beat();
      return stalled;
    },
    clear: () => void (stalled = false),
    stop: () => clearInterval(timer),
  };
}
