import type { Hash } from './hash.ts';

/** The order in which an endpoint takes slots, derived from its name, and its weight. */
export interface Permutation {
  /** First preferred slot, below the table's size. */
  readonly offset: number;
  /** Distance between preferred slots, 1 to size - 1; a prime size makes it visit every slot once. */
  readonly skip: number;
  /** > 0. */
  readonly weight: number;
}

/** The permutations `from` up to, not including, `to` in the order of turns have this weight. */
interface WeightClass {
  readonly weight: number;
  readonly from: number;
  readonly to: number;
  credit: number;
}

export function permutationOf({ high, low }: Hash, weight: number, size: number): Permutation {
  return { offset: (high >>> 0) % size, skip: ((low >>> 0) % (size - 1)) + 1, weight };
}

/**
 * The lookup table of Maglev (Eisenbud et al., NSDI 2016, §3.4): endpoints take turns, and each takes the next free slot of its
 * permutation. With weights, every round adds to each endpoint's credit, and only those with enough credit (the heaviest always)
 * take a turn. Built in steps, since a large table takes longer than requests may wait.
 */
export class MaglevTable {
  /** Index of the permutation that owns each slot. */
  readonly slots: Uint16Array | Uint32Array;
  #filled = 0;
  /** One bit per slot: fits the processor's cache even if the table does not. */
  #taken: Int32Array;
  #next: Int32Array;
  #skips: Int32Array;
  #order: Int32Array;
  #classes: WeightClass[];
  #class = 0;
  /** Position in the order of turns. */
  #turn = 0;

  /**
   * @param size prime, ≥ 3
   * @param permutations not empty; equal weights take their turns in this order.
   */
  constructor(size: number, permutations: readonly Permutation[]) {
    this.slots = permutations.length <= 2 ** 16 ? new Uint16Array(size) : new Uint32Array(size);
    this.#taken = new Int32Array((size + 31) >>> 5);
    this.#next = Int32Array.from(permutations, ({ offset }) => offset);
    this.#skips = Int32Array.from(permutations, ({ skip }) => skip);
    const weight = (i: number) => (permutations[i] as Permutation).weight;
    this.#order = Int32Array.from(permutations.keys()).sort((a, b) => weight(b) - weight(a) || a - b);
    this.#classes = classesOf(Float64Array.from(this.#order, weight));
  }

  /** Size in bytes once complete. */
  get bytes(): number {
    return this.slots.byteLength;
  }

  /** Visits up to `budget` slots; true: the table is complete. */
  step(budget: number): boolean {
    const size = this.slots.length;
    const { slots } = this;
    const taken = this.#taken;
    const next = this.#next;
    const skips = this.#skips;
    const order = this.#order;
    let { to } = this.#classes[this.#class] as WeightClass;
    let turn = this.#turn;
    let free = size - this.#filled;
    for (let left = budget; left > 0 && free > 0; left--) {
      const i = order[turn] as number;
      const skip = skips[i] as number;
      let slot = next[i] as number;
      while (left > 0 && ((taken[slot >>> 5] as number) & (1 << (slot & 31))) !== 0) {
        slot += skip;
        if (slot >= size) slot -= size;
        left--;
      }
      next[i] = slot;
      if (left === 0) break;
      taken[slot >>> 5]! |= 1 << (slot & 31);
      slots[slot] = i;
      free--;
      if (++turn < to) continue;
      const due = this.#nextClass();
      turn = due.from;
      to = due.to;
    }
    this.#turn = turn;
    this.#filled = size - free;
    if (this.#filled < size) return false;
    this.#taken = this.#next = this.#skips = this.#order = new Int32Array(0);
    return true;
  }

  /** The heaviest class is due in every round, so the search ends. */
  #nextClass(): WeightClass {
    const classes = this.#classes;
    const most = (classes[0] as WeightClass).weight;
    for (;;) {
      this.#class = this.#class + 1 === classes.length ? 0 : this.#class + 1;
      const due = classes[this.#class] as WeightClass;
      due.credit += due.weight;
      if (due.credit < most) continue;
      due.credit -= most;
      return due;
    }
  }
}

/** @param weights descending. */
function classesOf(weights: Float64Array): WeightClass[] {
  const classes: WeightClass[] = [];
  for (let from = 0; from < weights.length;) {
    const weight = weights[from] as number;
    let to = from + 1;
    while (weights[to] === weight) to++;
    classes.push({ weight, from, to, credit: 0 });
    from = to;
  }
  return classes;
}
