import { hash64 } from './hash.ts';
import { claim, MaglevTable } from './maglev-table.ts';
import type { Claim } from './maglev-table.ts';

/** What a table is made of: names in ascending order, and weights. */
export interface Roster {
  readonly names: readonly string[];
  readonly weights: readonly number[];
}

interface Shared {
  readonly size: number;
  readonly roster: Roster;
  readonly table: WeakRef<MaglevTable>;
}

/** One table for all pools that are equal, from the moment its making begins; it goes when the last of them lets go of it. */
export class MaglevTables {
  #shared = new Map<string, Shared>();

  get(size: number, roster: Roster): MaglevTable {
    const { high, low } = hash64(JSON.stringify([size, roster.names, roster.weights]));
    const key = `${high}.${low}`;
    const known = this.#shared.get(key);
    // The hash finds; only being equal counts.
    const found = known?.size === size && sameRoster(known.roster, roster) ? known.table.deref() : undefined;
    if (found) return found;
    for (const [old, { table }] of this.#shared) if (table.deref() === undefined) this.#shared.delete(old);
    const table = new MaglevTable(size, claims(size, roster));
    this.#shared.set(key, { size, roster, table: new WeakRef(table) });
    return table;
  }
}

export function sameRoster(a: Roster, b: Roster): boolean {
  return (
    a.names.length === b.names.length &&
    a.names.every((name, i) => name === b.names[i]) &&
    a.weights.every((weight, i) => weight === b.weights[i])
  );
}

function claims(size: number, { names, weights }: Roster): Claim[] {
  return names.map((name, i) => claim(hash64(name), weights[i] as number, size));
}
