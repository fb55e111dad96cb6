/**
 * Finds what makes no progress. One coarse sweep over everything in flight costs less than a timer per request that is hardly ever
 * due: progress is read off the sockets' byte counters only when the sweep comes round.
 */

export interface Watched {
  /** Without progress for this long, ms; 0: for ever. */
  readonly idleTimeout: number;
  /** Any number that changes with progress. */
  progress(): number;
  onIdle(): void;
  /** Its place in the watch, which keeps it; -1: not in there. */
  idleAt: number;
}

interface Mark {
  readonly watched: Watched;
  progress: number;
  since: number;
}

const SWEEP_INTERVAL = 100;

export class IdleWatch {
  /**
   * Without gaps: the last one moves into a place that becomes free. No Map: V8 chains each table that a Map has outgrown to the next
   * one, and as it must copy itself again after every few changes, one dead table in the old generation keeps all later ones alive
   * from one full collection to the next, together with the requests that were in flight at each copy.
   */
  #marks: Mark[] = [];
  #timer: NodeJS.Timeout | undefined;
  #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(w: Watched): void {
    if (w.idleTimeout <= 0) return;
    w.idleAt = this.#marks.length;
    this.#marks.push({ watched: w, progress: NaN, since: 0 });
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL).unref();
  }

  delete(w: Watched): void {
    const at = w.idleAt;
    if (at < 0) return;
    w.idleAt = -1;
    const last = this.#marks.pop() as Mark;
    if (last.watched === w) return;
    this.#marks[at] = last;
    last.watched.idleAt = at;
  }

  #sweep(): void {
    const now = this.#now();
    // From the end, so that what moves into a place that became free has been looked at.
    for (let i = this.#marks.length - 1; i >= 0; i--) {
      const mark = this.#marks[i];
      if (mark === undefined) continue;
      const progress = mark.watched.progress();
      if (mark.progress !== progress) {
        mark.progress = progress;
        mark.since = now;
      } else if (now - mark.since >= mark.watched.idleTimeout) {
        this.delete(mark.watched);
        mark.watched.onIdle();
      }
    }
    if (this.#marks.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
