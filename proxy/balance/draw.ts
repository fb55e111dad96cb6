import { AliasTable } from './alias.ts';
import type { PickContext, PoolView } from './balancer.ts';
import { Slots } from './slots.ts';

/** With half of the weight unusable, 8 misses in a row happen once in 256 draws. */
const REDRAWS = 8;

/**
 * Weighted draws among the endpoints that may be picked. The table is built from weights alone, so that an endpoint which comes
 * and goes costs no rebuild: a draw that hits one that is out is thrown away, a bounded number of times; then a scan decides,
 * with the same odds.
 */
export class WeightedDraw {
  readonly slots = new Slots();
  #table = new AliasTable(new Float64Array(0));

  /** See `Slots.update`. */
  update(view: PoolView): Int32Array {
    const from = this.slots.update(view);
    this.#table = new AliasTable(this.slots.weights);
    return from;
  }

  /** An index that may be picked, -1 when there is none. */
  draw(c: PickContext): number {
    for (let n = 0; n < REDRAWS; n++) {
      const i = this.#table.draw(c.random());
      if (this.slots.takes(i, c.tried)) return i;
    }
    return this.#scan(c);
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
