/** Long work in short slices; requests are served in the pauses between them. */
import { ConcurrencyLimit } from '../../control/concurrency-limit.ts';

/** Longest slice in ms, plus at most one step. */
const SLICE_MS = 2;
/** Pause in ms: the stats page takes at most a fifth of the proxy's time. */
const PAUSE_MS = 8;

/** @param now monotonic milliseconds */
export async function inSlices<T>(work: Generator<void, T>, now: () => number): Promise<T> {
  for (;;) {
    const end = now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (now() < end);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Too many requests with different filters. */
export class Busy extends Error {}

/** Runs work of one kind one piece at a time. Requests with the same key share one result, which is kept for a while. */
export class SharedWork<T> {
  readonly #keepMs: number;
  readonly #waiting: number;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly result: Promise<T>; until: number }>();
  readonly #oneAtATime = new ConcurrencyLimit(1);

  constructor(o: { readonly keepMs: number; readonly waiting: number; readonly now: () => number }) {
    this.#keepMs = o.keepMs;
    this.#waiting = o.waiting;
    this.#now = o.now;
  }

  /** @throws Busy if too many others wait */
  get(key: string, make: () => Promise<T>): Promise<T> {
    for (const [other, { until }] of this.#known) if (this.#now() >= until) this.#known.delete(other);
    const known = this.#known.get(key);
    if (known) return known.result;
    if (this.#known.size >= this.#waiting) return Promise.reject(new Busy('too many requests with different filters'));
    const result = this.#oneAtATime.run(make);
    const entry = { result, until: Infinity };
    this.#known.set(key, entry);
    const done = () => void (entry.until = this.#now() + this.#keepMs);
    result.then(done, done);
    return result;
  }
}
