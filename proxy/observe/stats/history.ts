/**
 * What counters did lately: their increase in each of the last `length` intervals, per key, in a ring of fixed size. PURE. Whoever
 * counts knows nothing of it: counters are read once an interval. There are at most `max` keys; more are left out.
 */

export interface HistoryShape {
  /** Counters of each key. */
  readonly width: number;
  /** Intervals. */
  readonly length: number;
  readonly max: number;
}

/** Keys between two steps. */
const STEP = 50;

interface Entry {
  readonly last: Float64Array;
  /** Rows of `width`, one per interval, written in turn. */
  readonly rises: Float32Array;
  /** Interval it is known from. */
  readonly since: number;
  /** Newest interval that it has. */
  seen: number;
}

/** The increase of each counter, and within how many milliseconds. */
export interface Recent {
  readonly values: readonly number[];
  readonly ms: number;
}

export class History<K> {
  readonly #shape: HistoryShape;
  readonly #entries = new Map<K, Entry>();
  /** When intervals ended, written in turn. */
  readonly #ends: Float64Array;
  /** Intervals so far. */
  #count = 0;

  constructor(shape: HistoryShape) {
    this.#shape = shape;
    // Of the present one too, which may be under way: some keys are an interval behind then.
    this.#ends = new Float64Array(shape.length + 2);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /**
   * Ends an interval, in steps. `read` puts the counters of a key into an array; keys that are not there any more are forgotten. A
   * second one must not begin before the first has ended.
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
   * What was counted in the last `length` intervals and in the one that has not ended; undefined where nothing is known of the key.
   * @param values the counters as they are
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

  /** A key's first counter per second in each interval that ended, the oldest first. */
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

/** A counter that fell began anew. */
function rise(last: Float64Array, values: Float64Array, i: number): number {
  return Math.max(0, (values[i] ?? 0) - (last[i] ?? 0));
}
