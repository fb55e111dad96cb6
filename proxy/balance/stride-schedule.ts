import type { EndpointTable } from './endpoint-table.ts';
import { IndexedHeap } from './indexed-heap.ts';

const NONE: readonly number[] = [];

/**
 * Whose turn it is, by weight, in O(log n): stride scheduling. Each endpoint's next turn is due at a virtual time; the earliest has
 * the turn, and its next one is due 1 / weight later. An endpoint that cannot be selected, or whose weight changes, keeps the part
 * of a turn that it has to wait: it saves up no turns, and endpoints that return together do not all have theirs at once.
 */
export class StrideSchedule {
  readonly #endpoints: EndpointTable;
  readonly #heap = new IndexedHeap((a, b) => (this.#due[a] as number) < (this.#due[b] as number));
  /** Virtual time at which the next turn is due; for endpoints that are not in the heap: the part of a turn until then. */
  #due = new Float64Array(0);
  #weights = new Float64Array(0);
  #time = 0;

  constructor(endpoints: EndpointTable) {
    this.#endpoints = endpoints;
  }

  /** `from`: the result of `EndpointTable.update`. `start`: the part of a turn, in [0, 1), that a new endpoint has to wait. */
  update(from: Int32Array, start: (i: number) => number): void {
    const waits = Float64Array.from(from, (old, i) => (old < 0 ? start(i) : this.#wait(old)));
    const { weights, selectable } = this.#endpoints;
    this.#weights = weights;
    this.#due = waits.map((wait, i) => (selectable[i] === 1 ? wait / (weights[i] as number) : wait));
    this.#time = 0;
    this.#heap.fill(from.length, (i) => selectable[i] === 1);
  }

  /** After the table was told whether `i` is usable. */
  usable(i: number): void {
    const on = this.#endpoints.selectable[i] === 1;
    if (on === this.#heap.has(i)) return;
    this.#due[i] = on ? this.#time + (this.#due[i] as number) / (this.#weights[i] as number) : this.#wait(i);
    this.#heap.set(i, on);
  }

  /** The part of a turn until the next one of `i`. */
  #wait(i: number): number {
    const due = this.#due[i] as number;
    return this.#heap.has(i) ? (due - this.#time) * (this.#weights[i] as number) : due;
  }

  /** The endpoint whose turn it is, of those not in `except`; it uses up its turn. -1: none. */
  next(except: readonly number[]): number {
    const i = this.#heap.first(except);
    if (i < 0) return -1;
    this.#time = this.#due[this.#heap.first(NONE)] as number;
    this.#due[i]! += 1 / (this.#weights[i] as number);
    this.#heap.moved(i);
    return i;
  }
}
