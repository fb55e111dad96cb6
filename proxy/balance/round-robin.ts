import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { EndpointTable, UNCOUNTED } from './endpoint-table.ts';

/**
 * Rotation in the order of the list; ignores weights except 0. The start is seeded, so that proxies do not rotate in step. After an
 * update the rotation continues at the same endpoint, or at the next one that stayed.
 */
export class RoundRobin implements Balancer {
  readonly #endpoints = new EndpointTable();
  readonly #seed: number;
  #next = 0;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  update(view: EndpointViews): void {
    const before = this.#endpoints.size;
    const from = this.#endpoints.update(view);
    let next = view.length === 0 ? 0 : this.#seed % view.length;
    let nearest = before;
    from.forEach((old, i) => {
      if (old < 0) return;
      const ahead = (old - this.#next + before) % before;
      if (ahead < nearest) {
        nearest = ahead;
        next = i;
      }
    });
    this.#next = next;
  }

  setUsable(i: number, on: boolean): void {
    this.#endpoints.usable(i, on);
  }

  pick(c: PickContext): number {
    const endpoints = this.#endpoints;
    const n = endpoints.size;
    let i = this.#next;
    for (let step = 0; step < n; step++) {
      const following = i + 1 === n ? 0 : i + 1;
      if (endpoints.isSelectable(i, c.tried)) {
        this.#next = following;
        return i;
      }
      i = following;
    }
    return -1;
  }

  begin(): Handle {
    return UNCOUNTED;
  }

  end(): void {
    // Nothing is counted.
  }
}
