import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { EndpointTable, UNCOUNTED } from './endpoint-table.ts';

/**
 * Smooth weighted round robin (nginx): at every pick each candidate gains its weight; the highest is taken and loses the sum of all
 * gains. 5:1:1 gives a a b a c a a, never five in a row. Only candidates gain, so an endpoint that was unusable does not return to
 * a burst.
 */
export class WeightedRoundRobin implements Balancer {
  readonly #endpoints = new EndpointTable();
  #current = new Float64Array(0);

  update(view: EndpointViews): void {
    const before = this.#current;
    const from = this.#endpoints.update(view);
    let total = 0;
    for (const weight of this.#endpoints.weights) total += weight;
    // Credit gained under other weights must not last longer than one rotation under the new ones.
    this.#current = Float64Array.from(from, (old) => Math.max(-total, Math.min(total, before[old] ?? 0)));
  }

  setUsable(i: number, on: boolean): void {
    this.#endpoints.usable(i, on);
  }

  pick(c: PickContext): number {
    const endpoints = this.#endpoints;
    const weights = endpoints.weights;
    const current = this.#current;
    let best = -1;
    let highest = -Infinity;
    let total = 0;
    for (let i = 0; i < endpoints.size; i++) {
      if (!endpoints.isSelectable(i, c.tried)) continue;
      const weight = weights[i] ?? 0;
      const gained = (current[i] ?? 0) + weight;
      current[i] = gained;
      total += weight;
      if (gained > highest) {
        highest = gained;
        best = i;
      }
    }
    if (best >= 0) current[best] = highest - total;
    return best;
  }

  begin(): Handle {
    return UNCOUNTED;
  }

  end(): void {
    // Nothing is counted.
  }
}
