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
}

interface Mark {
  progress: number;
  since: number;
}

const SWEEP_INTERVAL = 100;

export class IdleWatch {
  #marks = new Map<Watched, Mark | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(w: Watched): void {
    if (w.idleTimeout <= 0) return;
    this.#marks.set(w, undefined);
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL).unref();
  }

  delete(w: Watched): void {
    this.#marks.delete(w);
  }

  #sweep(): void {
    const now = this.#now();
    for (const [w, mark] of this.#marks) {
      const progress = w.progress();
      if (mark?.progress !== progress) this.#marks.set(w, { progress, since: now });
      else if (now - mark.since >= w.idleTimeout) {
        this.#marks.delete(w);
        w.onIdle();
      }
    }
    if (this.#marks.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
