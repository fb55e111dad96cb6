/** The window slides in steps of a tenth of its length. */
const BUCKETS = 10;

/** Counts the results and failures of the last `length` ms. PURE. Constant time and no allocation per result. */
export class FailureWindow {
  /** Milliseconds. */
  readonly length: number;
  total = 0;
  failed = 0;
  /** Results and failures of each step, alternating. */
  readonly #counts = new Uint32Array(2 * BUCKETS);
  /** Index of the present step, counted from time 0. */
  #step = 0;

  constructor(length: number) {
    this.length = length;
  }

  /** @param now monotonic ms */
  add(failure: boolean, now: number): void {
    this.#slide(now);
    const at = 2 * (this.#step % BUCKETS);
    this.total++;
    this.#counts[at]!++;
    if (!failure) return;
    this.failed++;
    this.#counts[at + 1]!++;
  }

  /** Drops all results. */
  clear(): void {
    this.total = 0;
    this.failed = 0;
    this.#counts.fill(0);
  }

  #slide(now: number): void {
    const step = Math.floor((now * BUCKETS) / this.length);
    if (step === this.#step) return;
    if (step - this.#step >= BUCKETS) this.clear();
    else for (let s = this.#step + 1; s <= step; s++) this.#drop(2 * (s % BUCKETS));
    this.#step = step;
  }

  #drop(at: number): void {
    this.total -= this.#counts[at] as number;
    this.failed -= this.#counts[at + 1] as number;
    this.#counts[at] = 0;
    this.#counts[at + 1] = 0;
  }
}
