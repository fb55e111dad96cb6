import type { Balancer, EndpointView, Handle, PickContext, EndpointViews } from './balancer.ts';
import { randomHash, rehash } from './hash.ts';
import type { Hash } from './hash.ts';
import type { MaglevTable } from './maglev-table.ts';
import type { MaglevTables, TableInput } from './maglev-tables.ts';
import { sameInput } from './maglev-tables.ts';
import { EndpointTable, UNCOUNTED } from './endpoint-table.ts';

/** Rehashes of a key before a scan: with half of the endpoints unusable, one in 65,536 picks scans. */
const MAX_REHASHES = 16;

/** A table and the ids of the endpoints that it was built for, in its order. */
interface BuiltTable {
  readonly table: MaglevTable;
  readonly input: TableInput;
  readonly ids: readonly string[];
}

/**
 * Maglev hashing. The table depends on the list of endpoints only, never on health, so that all proxies have the same. A key whose
 * slot is not usable is rehashed, the same way on every proxy; after that a scan takes one of those that are left, by weight. While
 * a new table is built the old one serves; an update during a build is queued, so that frequent updates cannot keep a table from
 * being completed.
 */
export class Maglev implements Balancer {
  readonly #size: number;
  readonly #tables: MaglevTables;
  readonly #endpoints = new EndpointTable();
  #current: BuiltTable | undefined;
  #building: BuiltTable | undefined;
  /** The list to build next. */
  #queued: readonly EndpointView[] | undefined;
  /** Index in the list by position in the current table; -1: it left. */
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

  /** Starts to build the queued list, unless the current table equals it. */
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

  /** Also serves before the first table is complete. */
  #scan(hash: Hash, tried: readonly number[]): number {
    return this.#endpoints.selectableAt(rehash(hash, MAX_REHASHES) / 2 ** 32, tried);
  }

  begin(): Handle {
    return UNCOUNTED;
  }

  end(): void {
    // Nothing is counted.
  }
}

const nameOf = (e: EndpointView) => e.hashKey ?? e.id;

/** The endpoints that get slots, sorted by name: the active ones, or the draining ones if none is active. */
function eligibleEndpoints(view: EndpointViews): readonly EndpointView[] {
  const open = view.filter(({ weight }) => weight > 0 && weight < Infinity);
  const active = open.filter(({ state }) => state !== 'draining');
  return (active.length > 0 ? active : open).sort((a, b) => order(nameOf(a), nameOf(b)) || order(a.id, b.id));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
