/** Monotonic time and timers, as an argument, so that tests can control them. */
export interface Clock {
  /** Monotonic, in milliseconds. */
  now(): number;
  /** Calls back after `ms`; returns a function that cancels this. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
