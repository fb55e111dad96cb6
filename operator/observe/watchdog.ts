/** Detects loops that neither succeed nor fail any more. */
export interface Watchdog {
  /** The loop has succeeded, or failed and will try again. */
  touch(loop: string): void;
  /** Names the loops whose last `touch` is too long ago; undefined when there are none. */
  stalled(): string | undefined;
}

/**
 * @param limit milliseconds; more than the longest wait of a healthy loop
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
