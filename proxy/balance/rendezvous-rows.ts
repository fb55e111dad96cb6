import { finish, hash64 } from './hash.ts';
import type { Hash } from './hash.ts';

/** Number of rows; a power of two. */
export const ROWS = 65_536;
/** Marks a row without an endpoint. */
export const NONE = 0xffff;

export interface RendezvousMember {
  readonly id: string;
  readonly name: string;
  /** > 0. */
  readonly weight: number;
}

interface HashedMember extends RendezvousMember {
  readonly hash: Hash;
}

/**
 * For every row, the endpoint that wins it and the runner-up (GLB Director), by weighted rendezvous hashing (Schindelhauer and
 * Schomaker): each endpoint's hash with the row, uniform u in (0, 1), costs -ln(u) / weight; the lowest cost wins. The two lowest
 * costs are kept, so that a new endpoint is compared with them alone, and only rows that lose one of their two are recomputed.
 * Built in steps from an earlier table, which serves meanwhile. At most 65,535 endpoints.
 */
export class RendezvousRows {
  readonly primary = new Uint16Array(ROWS).fill(NONE);
  readonly secondary = new Uint16Array(ROWS).fill(NONE);
  /** Costs as float32: recomputed ones must compare exactly with stored ones. */
  readonly #lowest = new Float32Array(ROWS).fill(Infinity);
  readonly #second = new Float32Array(ROWS).fill(Infinity);
  /** Endpoints by their number in the rows; an endpoint keeps its number, which is free after it left. */
  readonly members: (HashedMember | undefined)[] = [];
  #base: RendezvousRows | undefined;
  /** Numbers in the base that this table does not have. */
  #removed = new Set<number>();
  /** Numbers that are new in this table. */
  #added: number[] = [];
  #numbers: number[];
  #row = 0;

  constructor(wanted: readonly RendezvousMember[], base?: RendezvousRows) {
    this.#base = base;
    const left = new Map(wanted.map((member) => [member.id, member]));
    base?.members.forEach((member, number) => {
      const same = member && left.get(member.id);
      if (same && same.weight === member.weight && same.name === member.name) {
        this.members[number] = member;
        left.delete(member.id);
      } else this.#removed.add(number);
    });
    let free = 0;
    for (const member of left.values()) {
      while (this.members[free] !== undefined) free++;
      this.members[free] = { ...member, hash: hash64(member.name) };
      this.#added.push(free);
    }
    this.#numbers = [...this.members.keys()].filter((number) => this.members[number] !== undefined);
  }

  /** Whether a table built from `wanted` would equal this one. */
  isOf(wanted: readonly RendezvousMember[]): boolean {
    const own = new Map(this.members.flatMap((member) => (member ? [[member.id, member]] : [])));
    return (
      own.size === wanted.length &&
      wanted.every(({ id, name, weight }) => own.get(id)?.name === name && own.get(id)?.weight === weight)
    );
  }

  /** Computes about `budget` costs; true: the table is complete. */
  step(budget: number): boolean {
    for (let left = budget; left > 0 && this.#row < ROWS;) {
      const row = this.#row++;
      const contenders = this.#copyRow(row) ? this.#added : this.#numbers;
      const seed = rowSeed(row);
      for (const number of contenders) this.#offer(row, seed, number);
      left -= contenders.length + 1;
    }
    if (this.#row < ROWS) return false;
    this.#base = undefined;
    return true;
  }

  /** Copies a row of the base if both of its endpoints are still there. */
  #copyRow(row: number): boolean {
    const base = this.#base;
    if (base === undefined) return false;
    const primary = base.primary[row] as number;
    const secondary = base.secondary[row] as number;
    if (this.#removed.has(primary) || this.#removed.has(secondary)) return false;
    this.primary[row] = primary;
    this.secondary[row] = secondary;
    this.#lowest[row] = base.#lowest[row] as number;
    this.#second[row] = base.#second[row] as number;
    return true;
  }

  #offer(row: number, seed: number, number: number): void {
    const { hash, weight } = this.members[number] as HashedMember;
    const u = uniform(seed, hash);
    const second = this.#second[row] as number;
    // -ln(u) ≥ 1 - u: most endpoints lose here, without computing a logarithm.
    if (Math.fround((1 - u) / weight) > second) return;
    const cost = Math.fround(-Math.log(u) / weight);
    const lowest = this.#lowest[row] as number;
    if (cost < lowest || (cost === lowest && this.#precedes(number, this.primary[row] as number))) {
      this.secondary[row] = this.primary[row] as number;
      this.#second[row] = lowest;
      this.primary[row] = number;
      this.#lowest[row] = cost;
    } else if (cost < second || (cost === second && this.#precedes(number, this.secondary[row] as number))) {
      this.secondary[row] = number;
      this.#second[row] = cost;
    }
  }

  /** Decides between equal costs, the same way on every proxy and for any order of endpoints. */
  #precedes(a: number, b: number): boolean {
    const one = this.members[a] as HashedMember;
    const other = this.members[b];
    if (other === undefined) return true;
    return one.name === other.name ? one.id < other.id : one.name < other.name;
  }

  /** The number of the best endpoint for one key among those for which `may` holds; NONE if there is none. */
  bestFor(seed: number, may: (number: number) => boolean): number {
    let best = NONE;
    let lowest = Infinity;
    for (const number of this.#numbers) {
      if (!may(number)) continue;
      const { hash, weight } = this.members[number] as HashedMember;
      const cost = -Math.log(uniform(seed, hash)) / weight;
      if (cost > lowest || (cost === lowest && !this.#precedes(number, best))) continue;
      best = number;
      lowest = cost;
    }
    return best;
  }
}

function rowSeed(row: number): number {
  return finish(Math.imul(row + 1, 0x9e3779b1));
}

/** In (0, 1). */
function uniform(seed: number, { high, low }: Hash): number {
  return ((finish(finish(seed ^ low) ^ high) >>> 0) + 0.5) / 2 ** 32;
}
