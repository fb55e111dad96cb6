import { systemClock, type Clock } from './clock.ts';

export interface Coalescer {
  /** Something changed. */
  trigger(): void;
  /** A pending call happens now. */
  flush(): void;
  /** Drops a pending call. */
  stop(): void;
}

/**
 * Turns many changes into few calls: the first change causes a call at once (in the next turn of the event loop, so that changes that
 * arrive together cause one call), later ones at most one call every `interval` ms. The last change is never lost.
 *
 * @param fire receives the time, by the same clock, of the oldest change behind the call
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
