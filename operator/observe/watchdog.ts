/** Notices loops that neither succeed nor fail any more. */
export interface Watchdog {
  /** The loop did something: succeeded, or failed and will try again. */
  touch(loop: string): void;
  /** Names the loops that were last seen too long ago; undefined when there are none. */
  stalled(): string | undefined;
}

/**
 * @param limit milliseconds; longer than the longest wait of a loop that works
 * @param now monotonic milliseconds
 */
export function createWatchdog(limit: number, now: () => number): Watchdog {
  const last = new Map<string, number>();
  return {
    touch: (loop) => void last.set(loop, now()),
    stalled() {
      const names = [...last].filter(([, at]) => now() - at > limit).map(([loop]) => loop);
      return names.length > 0 ? `nothing happens any more: ${names.join(', ')}` : undefined;
    },
  };
}
