/**
 * Finds what makes no progress. One coarse sweep over everything in flight costs less than a timer per request that hardly ever
 * expires: byte counters are read only when the sweep comes round.
 */

export interface Watched {
  /** Without progress for this long, ms; 0: no limit. */
  readonly idleTimeout: number;
  /** Any number that changes with progress. */
  progress(): number;
  onIdle(): void;
  /** Its index in the watch, which sets it; -1: not watched. */
  idleAt: number;
}

interface IdleEntry {
  readonly watched: Watched;
  progress: number;
  since: number;
}

const SWEEP_INTERVAL = 100;

export class IdleWatch {
  /**
   * Without gaps: the last one moves into an index that becomes free. No Map: V8 chains each table that a Map has outgrown to the next
   * one, and as it must copy itself again after every few changes, one dead table in the old generation keeps all later ones alive
   * from one full collection to the next, together with the requests that were in flight at each copy.
   */
  #entries: IdleEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(w: Watched): void {
    if (w.idleTimeout <= 0) return;
    w.idleAt = this.#entries.length;
    this.#entries.push({ watched: w, progress: NaN, since: 0 });
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL).unref();
  }

  delete(w: Watched): void {
    const at = w.idleAt;
    if (at < 0) return;
    w.idleAt = -1;
    const last = this.#entries.pop() as IdleEntry;
    if (last.watched === w) return;
    this.#entries[at] = last;
    last.watched.idleAt = at;
  }

  #sweep(): void {
    const now = this.#now();
    // From the end, so that what moves into a place that became free has been looked at.
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i];
      if (entry === undefined) continue;
      const progress = entry.watched.progress();
      if (entry.progress !== progress) {
        entry.progress = progress;
        entry.since = now;
      } else if (now - entry.since >= entry.watched.idleTimeout) {
        this.delete(entry.watched);
        entry.watched.onIdle();
      }
    }
    if (this.#entries.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
