import { hash64 } from './hash.ts';
import { permutationOf, MaglevTable } from './maglev-table.ts';
import type { Permutation } from './maglev-table.ts';

/** What a table is built from: names in ascending order, and weights. */
export interface TableInput {
  readonly names: readonly string[];
  readonly weights: readonly number[];
}

interface SharedTable {
  readonly size: number;
  readonly input: TableInput;
  readonly table: WeakRef<MaglevTable>;
}

/** Shares one table among all equal backends, from the start of its build; it is garbage collected with its last user. */
export class MaglevTables {
  #shared = new Map<string, SharedTable>();

  get(size: number, input: TableInput): MaglevTable {
    const { high, low } = hash64(JSON.stringify([size, input.names, input.weights]));
    const key = `${high}.${low}`;
    const known = this.#shared.get(key);
    // The hash may collide, so the inputs are compared.
    const found = known?.size === size && sameInput(known.input, input) ? known.table.deref() : undefined;
    if (found) return found;
    for (const [old, { table }] of this.#shared) if (table.deref() === undefined) this.#shared.delete(old);
    const table = new MaglevTable(size, permutations(size, input));
    this.#shared.set(key, { size, input, table: new WeakRef(table) });
    return table;
  }
}

export function sameInput(a: TableInput, b: TableInput): boolean {
  return (
    a.names.length === b.names.length &&
    a.names.every((name, i) => name === b.names[i]) &&
    a.weights.every((weight, i) => weight === b.weights[i])
  );
}

function permutations(size: number, { names, weights }: TableInput): Permutation[] {
  return names.map((name, i) => permutationOf(hash64(name), weights[i] as number, size));
}
