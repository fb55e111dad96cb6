import { AliasTable } from './alias-table.ts';
import type { PickContext, EndpointViews } from './balancer.ts';
import { EndpointTable } from './endpoint-table.ts';

/** With half of the weight unusable, 8 misses in a row happen in one of 256 draws. */
const REDRAWS = 8;

/**
 * Weighted draws among the selectable endpoints. An endpoint that becomes unusable costs no rebuild of the table: draws that hit it
 * are repeated. The table is rebuilt when that happens too often, and at the next draw after an endpoint that is not in it became
 * usable. If nearly everything was tried, a scan decides with the same probabilities.
 */
export class WeightedDraw {
  readonly endpoints = new EndpointTable();
  #table = new AliasTable(new Float64Array(0));
  /** The endpoints in the table: a copy of `selectable` from when it was built. */
  #inTable = new Uint8Array(0);
  /** A selectable endpoint is not in the table. */
  #missing = false;
  /** An endpoint in the table is not selectable. */
  #surplus = false;

  /** See `EndpointTable.update`. */
  update(view: EndpointViews): Int32Array {
    const from = this.endpoints.update(view);
    this.#rebuild();
    return from;
  }

  setUsable(i: number, on: boolean): void {
    this.endpoints.usable(i, on);
    const open = this.endpoints.selectable[i] === 1;
    if (open === (this.#inTable[i] === 1)) return;
    if (open) this.#missing = true;
    else this.#surplus = true;
  }

  /** A selectable index; -1 if there is none. */
  draw(c: PickContext): number {
    if (this.#missing) this.#rebuild();
    const i = this.#redraw(c);
    if (i >= 0) return i;
    if (this.#surplus) {
      this.#rebuild();
      const again = this.#redraw(c);
      if (again >= 0) return again;
    }
    return this.endpoints.selectableAt(c.random(), c.tried);
  }

  /** A selectable index other than `first`; -1 if a few draws do not find one. */
  other(first: number, c: PickContext): number {
    for (let n = 0; n < REDRAWS; n++) {
      const i = this.#table.draw(c.random());
      if (i >= 0 && i !== first && this.endpoints.isSelectable(i, c.tried)) return i;
    }
    return -1;
  }

  #redraw(c: PickContext): number {
    for (let n = 0; n < REDRAWS; n++) {
      const i = this.#table.draw(c.random());
      if (i < 0) return -1;
      if (this.endpoints.isSelectable(i, c.tried)) return i;
    }
    return -1;
  }

  #rebuild(): void {
    const { weights, selectable } = this.endpoints;
    this.#table = new AliasTable(weights.map((weight, i) => (selectable[i] === 1 ? weight : 0)));
    this.#inTable = selectable.slice();
    this.#missing = false;
    this.#surplus = false;
  }
}
