/**
 * Finds requests and tunnels without progress. One coarse sweep over all of them costs less than a timer per request that hardly ever
 * expires: byte counters are read only once per sweep.
 */

export interface Watched {
  /** Ms without progress after which `onIdle` is called; 0: no limit. */
  readonly idleTimeout: number;
  /** A number that changes with progress. */
  progress(): number;
  onIdle(): void;
  /** Its index in the watch, set by the watch; -1: not watched. */
  idleAt: number;
}

interface IdleEntry {
  readonly watched: Watched;
  progress: number;
  since: number;
}

/** Ms. */
const SWEEP_INTERVAL = 100;

export class IdleWatch {
  /**
   * Without gaps: the last entry moves to a freed index. Not a Map: V8 links each table that a Map has outgrown to the next one, and
   * a Map copies its table after every few changes; so one dead table in the old generation keeps all later ones alive until the
   * next full collection, together with the requests that were in flight at each copy.
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
    // From the end, so that an entry that moves to a freed index has already been checked.
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
