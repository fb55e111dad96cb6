/**
 * Recent increases of counters: for each of the last `length` intervals, per key, in a ring buffer of fixed size. PURE. Counting is
 * not affected: counters are read once per interval. At most `max` keys; further ones are left out.
 */

export interface HistoryShape {
  /** Counters per key. */
  readonly width: number;
  /** Number of intervals. */
  readonly length: number;
  readonly max: number;
}

/** Keys between two yields. */
const STEP = 50;

interface HistoryEntry {
  readonly last: Float64Array;
  /** Rows of `width` counters, one per interval, as a ring. */
  readonly rises: Float32Array;
  /** First interval of the key. */
  readonly since: number;
  /** Newest interval of the key. */
  seen: number;
}

/** The increase of each counter, and the milliseconds it took. */
export interface Recent {
  readonly values: readonly number[];
  readonly ms: number;
}

export class History<K> {
  readonly #shape: HistoryShape;
  readonly #entries = new Map<K, HistoryEntry>();
  /** End times of intervals, as a ring. */
  readonly #ends: Float64Array;
  /** Number of intervals so far. */
  #count = 0;

  constructor(shape: HistoryShape) {
    this.#shape = shape;
    // Includes the interval that a sample in progress ends: some keys are one interval behind then.
    this.#ends = new Float64Array(shape.length + 2);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /**
   * Ends an interval, in steps. `read` copies the counters of a key into an array; keys that are gone are dropped. Samples must not
   * overlap.
   */
  *sample(keys: Iterable<K>, read: (key: K, into: Float64Array) => void, now: number): Generator<void, void> {
    this.#count++;
    this.#ends[this.#count % this.#ends.length] = now;
    const values = new Float64Array(this.#shape.width);
    let room = this.#shape.max;
    for (const key of keys) {
      if (room-- === 0) break;
      if (room % STEP === 0) yield;
      read(key, values);
      this.#take(key, values);
    }
    for (const [key, { seen }] of this.#entries) if (seen !== this.#count) this.#entries.delete(key);
  }

  #take(key: K, values: Float64Array): void {
    const { width, length } = this.#shape;
    const entry = this.#entries.get(key);
    if (!entry) {
      const rises = new Float32Array(width * length);
      this.#entries.set(key, { last: values.slice(), rises, since: this.#count, seen: this.#count });
      return;
    }
    entry.seen = this.#count;
    const row = (this.#count % length) * width;
    for (let i = 0; i < width; i++) entry.rises[row + i] = rise(entry.last, values, i);
    entry.last.set(values);
  }

  /**
   * Counts of the last `length` intervals and of the unfinished one; undefined if the key is not known.
   * @param values the present counters
   */
  recent(key: K, values: Float64Array, now: number, length = this.#shape.length): Recent | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const { width } = this.#shape;
    const sums = Array.from({ length: width }, (_, i) => rise(entry.last, values, i));
    const from = Math.max(entry.since, entry.seen - length);
    for (let interval = from + 1; interval <= entry.seen; interval++) {
      const row = (interval % this.#shape.length) * width;
      for (let i = 0; i < width; i++) sums[i]! += entry.rises[row + i] ?? 0;
    }
    return { values: sums, ms: now - this.#end(from) };
  }

  /** Rate per second of a key's first counter in each finished interval, oldest first. */
  rates(key: K): number[] {
    const entry = this.#entries.get(key);
    if (!entry) return [];
    const { width, length } = this.#shape;
    const rates: number[] = [];
    for (let interval = Math.max(entry.since, entry.seen - length) + 1; interval <= entry.seen; interval++) {
      const ms = this.#end(interval) - this.#end(interval - 1);
      rates.push(((entry.rises[(interval % length) * width] ?? 0) * 1000) / Math.max(1, ms));
    }
    return rates;
  }

  #end(interval: number): number {
    return this.#ends[interval % this.#ends.length] ?? 0;
  }
}

/** A counter that decreased was reset. */
function rise(last: Float64Array, values: Float64Array, i: number): number {
  return Math.max(0, (values[i] ?? 0) - (last[i] ?? 0));
}
