import type { Balancer, EndpointView, Handle, PickContext, EndpointViews } from './balancer.ts';
import { randomHash, rehash } from './hash.ts';
import type { Hash } from './hash.ts';
import type { MaglevTable } from './maglev-table.ts';
import type { MaglevTables, TableInput } from './maglev-tables.ts';
import { sameInput } from './maglev-tables.ts';
import { EndpointTable, UNCOUNTED } from './endpoint-table.ts';

/** Slots that a key moves on to before a scan: with half of the endpoints out, a scan comes once in 65,536 picks. */
const MAX_REHASHES = 16;

/** A table and the ids of the endpoints that it was made for, in its order. */
interface BuiltTable {
  readonly table: MaglevTable;
  readonly input: TableInput;
  readonly ids: readonly string[];
}

/**
 * Maglev hashing. The table is made from the view alone, never from what this proxy knows of health, so that all proxies have the
 * same. A key whose slot can not be used moves on by further hashes of the key, the same way on every proxy; at last a scan takes
 * the next in the order of the view. While a new table is made the old one serves; an update meanwhile waits for its turn, so that
 * updates in quick succession can not keep a table from ever being ready.
 */
export class Maglev implements Balancer {
  readonly #size: number;
  readonly #tables: MaglevTables;
  readonly #endpoints = new EndpointTable();
  #current: BuiltTable | undefined;
  #building: BuiltTable | undefined;
  /** What to build next. */
  #queued: readonly EndpointView[] | undefined;
  /** Index in the view by position in the current table; -1: it left. */
  #indexByPosition = new Int32Array(0);

  /** @param size prime. */
  constructor(size: number, tables: MaglevTables) {
    this.#size = size;
    this.#tables = tables;
  }

  update(view: EndpointViews): void {
    this.#endpoints.update(view);
    this.#queued = eligibleEndpoints(view);
    if (this.#building === undefined) this.#startBuild();
    this.#mapPositions();
  }

  step(budget: number): boolean {
    if (this.#building === undefined) return true;
    if (!this.#building.table.step(budget)) return false;
    this.#current = this.#building;
    this.#building = undefined;
    this.#startBuild();
    this.#mapPositions();
    return this.#building === undefined;
  }

  /** Starts on what is wanted, unless the current table is just that. */
  #startBuild(): void {
    const wanted = this.#queued;
    this.#queued = undefined;
    if (wanted === undefined) return;
    const input = { names: wanted.map(nameOf), weights: wanted.map(({ weight }) => weight) };
    const ids = wanted.map(({ id }) => id);
    if (wanted.length === 0) this.#current = undefined;
    else if (this.#current && sameInput(this.#current.input, input)) this.#current = { ...this.#current, ids };
    else this.#building = { table: this.#tables.get(this.#size, input), input, ids };
  }

  #mapPositions(): void {
    this.#indexByPosition = Int32Array.from(this.#current?.ids ?? [], (id) => this.#endpoints.indexOf(id));
  }

  setUsable(i: number, on: boolean): void {
    this.#endpoints.usable(i, on);
  }

  pick(c: PickContext): number {
    const hash = c.hash ?? randomHash(c.random);
    const table = this.#current?.table.slots;
    if (table !== undefined) {
      for (let n = 0, at = hash.low; n < MAX_REHASHES; at = rehash(hash, n++)) {
        const i = this.#indexByPosition[table[(at >>> 0) % table.length] as number] as number;
        if (i >= 0 && this.#endpoints.isSelectable(i, c.tried)) return i;
      }
    }
    return this.#scan(hash, c.tried);
  }

  /** Also what serves before the first table is ready. */
  #scan(hash: Hash, tried: readonly number[]): number {
    const n = this.#endpoints.size;
    const start = n === 0 ? 0 : rehash(hash, MAX_REHASHES) % n;
    return this.#endpoints.firstSelectableFrom(start, tried);
  }

  begin(): Handle {
    return UNCOUNTED;
  }

  end(): void {
    // Nothing is counted.
  }
}

const nameOf = (e: EndpointView) => e.hashKey ?? e.id;

/** Who has a claim to slots, sorted by name. With none active, those that drain serve. */
function eligibleEndpoints(view: EndpointViews): readonly EndpointView[] {
  const open = view.filter(({ weight }) => weight > 0 && weight < Infinity);
  const active = open.filter(({ state }) => state !== 'draining');
  return (active.length > 0 ? active : open).sort((a, b) => order(nameOf(a), nameOf(b)) || order(a.id, b.id));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
