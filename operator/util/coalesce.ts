import { systemClock, type Clock } from './clock.ts';

export interface Coalescer {
  /** Something changed. */
  trigger(): void;
  /** What is being held back fires now. */
  flush(): void;
  /** Nothing fires any more. */
  stop(): void;
}

/**
 * Turns many changes into few calls: the first leaves at once (in the next turn of the event loop, so that what arrives together
 * leaves together), then at most one every `interval` ms, never losing the last.
 *
 * @param fire gets the time, on the same clock, at which the oldest change behind it was seen
 */
export function createCoalescer(interval: number, fire: (changedAt: number) => void, clock: Clock = systemClock): Coalescer {
  let cancel: (() => void) | undefined;
  let now = (): void => undefined;
  let firedAt = -Infinity;
  return {
    trigger() {
      if (cancel !== undefined) return;
      const changedAt = clock.now();
      now = () => {
        cancel?.();
        cancel = undefined;
        firedAt = clock.now();
        fire(changedAt);
      };
      cancel = clock.after(Math.max(0, firedAt + interval - changedAt), now);
    },
    flush() {
      if (cancel !== undefined) now();
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
