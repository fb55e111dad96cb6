/**
 * A binary heap of indexes that tracks the position of each, so that any of them can move, leave or enter in O(log n). `before` is
 * a strict order that may change for one index at a time; call `moved` after each change.
 */
export class IndexedHeap {
  #before: (a: number, b: number) => boolean;
  #items = new Int32Array(0);
  /** Position by index; -1: not in the heap. */
  #at = new Int32Array(0);
  #size = 0;

  constructor(before: (a: number, b: number) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#size;
  }

  has(i: number): boolean {
    return (this.#at[i] as number) >= 0;
  }

  /** Rebuilds the heap from the indexes below `capacity` for which `has` holds. */
  fill(capacity: number, has: (i: number) => boolean): void {
    this.#items = new Int32Array(capacity);
    this.#at = new Int32Array(capacity).fill(-1);
    this.#size = 0;
    for (let i = 0; i < capacity; i++) if (has(i)) this.#put(this.#size++, i);
    for (let at = (this.#size >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** Adds `i` or removes it; does nothing if that is done already. */
  set(i: number, on: boolean): void {
    const at = this.#at[i] as number;
    if (on && at < 0) {
      this.#put(this.#size, i);
      this.#rise(this.#size++);
    } else if (!on && at >= 0) {
      const last = this.#items[--this.#size] as number;
      this.#at[i] = -1;
      if (last === i) return;
      this.#put(at, last);
      this.moved(last);
    }
  }

  /** The order of `i` may have changed. */
  moved(i: number): void {
    const at = this.#at[i] as number;
    if (at >= 0) this.#sink(this.#rise(at));
  }

  /** The first that is not in `except`; -1 if there is none. Visits at most 2 × |except| + 1 items. */
  first(except: readonly number[]): number {
    return except.length === 0 ? (this.#size > 0 ? (this.#items[0] as number) : -1) : this.#firstBelow(0, except);
  }

  #firstBelow(at: number, except: readonly number[]): number {
    if (at >= this.#size) return -1;
    const i = this.#items[at] as number;
    if (!except.includes(i)) return i;
    const left = this.#firstBelow(2 * at + 1, except);
    const right = this.#firstBelow(2 * at + 2, except);
    return right < 0 || (left >= 0 && this.#before(left, right)) ? left : right;
  }

  #put(at: number, i: number): void {
    this.#items[at] = i;
    this.#at[i] = at;
  }

  /** Returns the final position. */
  #rise(at: number): number {
    const i = this.#items[at] as number;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#items[above] as number;
      if (!this.#before(i, parent)) break;
      this.#put(at, parent);
      at = above;
    }
    this.#put(at, i);
    return at;
  }

  #sink(at: number): void {
    const i = this.#items[at] as number;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#size) break;
      let child = this.#items[below] as number;
      if (below + 1 < this.#size && this.#before(this.#items[below + 1] as number, child)) child = this.#items[++below] as number;
      if (!this.#before(child, i)) break;
      this.#put(at, child);
      at = below;
    }
    this.#put(at, i);
  }
}
