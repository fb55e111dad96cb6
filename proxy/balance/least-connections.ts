import type { Balancer, Handle, PickContext, PoolView } from './balancer.ts';
import { Loads } from './load.ts';
import { Slots } from './slots.ts';

/**
 * The exact least (active + 1) / weight, compared by cross-multiplication; among equals the one picked longest ago, so that an
 * idle pool rotates. A scan of all endpoints. Newcomers count as never picked; which of them is first is seeded.
 */
export class LeastConnections implements Balancer {
  readonly #slots = new Slots();
  readonly #loads = new Loads();
  readonly #seed: number;
  /** Number of the last pick of each endpoint; 0: never. */
  #picked = new Float64Array(0);
  #picks = 0;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  update(view: PoolView): void {
    const before = this.#picked;
    const from = this.#slots.update(view);
    this.#loads.update(from);
    this.#picked = Float64Array.from(from, (old) => before[old] ?? 0);
  }

  usable(i: number, on: boolean): void {
    this.#slots.usable(i, on);
  }

  pick(c: PickContext): number {
    const slots = this.#slots;
    const n = slots.size;
    const start = n === 0 ? 0 : this.#seed % n;
    let best = -1;
    let load = 0;
    let weight = 0;
    for (let step = 0; step < n; step++) {
      const i = (start + step) % n;
      if (!slots.takes(i, c.tried)) continue;
      const ownLoad = this.#loads.withOneMore(i, c.now);
      const ownWeight = slots.weights[i] ?? 0;
      const difference = best < 0 ? -1 : ownLoad * weight - load * ownWeight;
      if (difference > 0 || (difference === 0 && !this.#longerAgo(i, best))) continue;
      best = i;
      load = ownLoad;
      weight = ownWeight;
    }
    if (best >= 0) this.#picked[best] = ++this.#picks;
    return best;
  }

  #longerAgo(i: number, than: number): boolean {
    return (this.#picked[i] ?? 0) < (this.#picked[than] ?? 0);
  }

  begin(i: number): Handle {
    return this.#loads.begin(i);
  }

  end(h: Handle, ok: boolean, _headMs: number, now: number): void {
    this.#loads.end(h, ok, now);
  }
}
