/** Long work in short slices, with pauses between them that belong to requests. */

/** Longest slice, ms, give or take one step. */
const SLICE_MS = 2;
/** So that looking at a proxy never takes more than a fifth of its time. */
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

/** More ask than can be answered soon. */
export class Busy extends Error {}

/** Work of one kind, one piece at a time; who asks for the same as somebody else shares it, also for a moment after it is done. */
export class SharedWork<T> {
  readonly #keepMs: number;
  readonly #waiting: number;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly result: Promise<T>; until: number }>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(o: { readonly keepMs: number; readonly waiting: number; readonly now: () => number }) {
    this.#keepMs = o.keepMs;
    this.#waiting = o.waiting;
    this.#now = o.now;
  }

  /** @throws Busy where too many others wait */
  get(key: string, make: () => Promise<T>): Promise<T> {
    for (const [other, { until }] of this.#known) if (this.#now() >= until) this.#known.delete(other);
    const known = this.#known.get(key);
    if (known) return known.result;
    if (this.#known.size >= this.#waiting) return Promise.reject(new Busy('too many others ask'));
    const result = this.#turn.then(make);
    const entry = { result, until: Infinity };
    this.#known.set(key, entry);
    const done = () => void (entry.until = this.#now() + this.#keepMs);
    this.#turn = result.then(done, done);
    return result;
  }
}
