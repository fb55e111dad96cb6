/** Milliseconds. */
const INTERVAL = 300_000;
const BURST = 25;

/** Like Kubernetes' own controllers: a burst of 25 Events about one object, then one every five minutes. */
export class EventRateLimit {
  /** Monotonic ms up to which Events have been used in advance. */
  #usedUntil = 0;

  /** Whether an Event may be written now; if so, it counts. */
  allow(now: number): boolean {
    const used = Math.max(this.#usedUntil, now) + INTERVAL;
    if (used - now > BURST * INTERVAL) return false;
    this.#usedUntil = used;
    return true;
  }
}
