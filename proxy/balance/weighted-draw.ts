import { AliasTable } from './alias-table.ts';
import type { PickContext, PoolView } from './balancer.ts';
import { Slots } from './endpoint-table.ts';

/** With half of the weight unusable, 8 misses in a row happen once in 256 draws. */
const REDRAWS = 8;

/**
 * Weighted draws among the endpoints that may be picked. An endpoint that goes out costs no rebuild of the table: a draw that hits
 * it is thrown away. Only where that happens too often, the table is made anew of those that are left; and at the next draw after
 * one came back that the table lacks. Where nearly everything was tried, a scan decides with the same odds.
 */
export class WeightedDraw {
  readonly slots = new Slots();
  #table = new AliasTable(new Float64Array(0));
  /** The endpoints of the table, as `slots.open` was when it was made. */
  #in = new Uint8Array(0);
  /** One that may be picked is not in the table. */
  #lacking = false;
  /** One that may not be picked is in the table. */
  #surplus = false;

  /** See `Slots.update`. */
  update(view: PoolView): Int32Array {
    const from = this.slots.update(view);
    this.#rebuild();
    return from;
  }

  usable(i: number, on: boolean): void {
    this.slots.usable(i, on);
    const open = this.slots.open[i] === 1;
    if (open === (this.#in[i] === 1)) return;
    if (open) this.#lacking = true;
    else this.#surplus = true;
  }

  /** An index that may be picked, -1 when there is none. */
  draw(c: PickContext): number {
    if (this.#lacking) this.#rebuild();
    const i = this.#redraw(c);
    if (i >= 0) return i;
    if (this.#surplus) {
      this.#rebuild();
      const again = this.#redraw(c);
      if (again >= 0) return again;
    }
    return this.#scan(c);
  }

  /** One that may be picked and is not `first`; -1 where some draws in a row do not find one. */
  other(first: number, c: PickContext): number {
    for (let n = 0; n < REDRAWS; n++) {
      const i = this.#table.draw(c.random());
      if (i >= 0 && i !== first && this.slots.takes(i, c.tried)) return i;
    }
    return -1;
  }

  #redraw(c: PickContext): number {
    for (let n = 0; n < REDRAWS; n++) {
      const i = this.#table.draw(c.random());
      if (i < 0) return -1;
      if (this.slots.takes(i, c.tried)) return i;
    }
    return -1;
  }

  #rebuild(): void {
    const { weights, open } = this.slots;
    this.#table = new AliasTable(weights.map((weight, i) => (open[i] === 1 ? weight : 0)));
    this.#in = open.slice();
    this.#lacking = false;
    this.#surplus = false;
  }

  #scan(c: PickContext): number {
    const { weights, size } = this.slots;
    let total = 0;
    for (let i = 0; i < size; i++) if (this.slots.takes(i, c.tried)) total += weights[i] ?? 0;
    let left = c.random() * total;
    let last = -1;
    for (let i = 0; i < size; i++) {
      if (!this.slots.takes(i, c.tried)) continue;
      last = i;
      left -= weights[i] ?? 0;
      if (left < 0) break;
    }
    return last;
  }
}
