import type { Handle, EndpointViews } from './balancer.ts';

/** The handle of all requests in strategies that count nothing. */
export const UNCOUNTED: Handle = Object.freeze({});

/**
 * Weight and usability per endpoint, as every strategy needs them. In typed arrays by index, so that a pick reads memory
 * sequentially; carried over an update by id.
 */
export class EndpointTable {
  size = 0;
  /** Each finite and ≥ 0. */
  weights = new Float64Array(0);
  /** 1 if usable and weight > 0. */
  selectable = new Uint8Array(0);
  #usable = new Uint8Array(0);
  #index = new Map<string, number>();

  /** Replaces the list; returns, for every new index, the index this endpoint had before, or -1 if it is new. */
  update(view: EndpointViews): Int32Array {
    const weights = new Float64Array(view.length);
    const setUsable = new Uint8Array(view.length);
    const index = new Map<string, number>();
    const from = new Int32Array(view.length);
    view.forEach((endpoint, i) => {
      const before = this.#index.get(endpoint.id) ?? -1;
      from[i] = before;
      weights[i] = endpoint.weight > 0 && endpoint.weight < Infinity ? endpoint.weight : 0;
      setUsable[i] = before < 0 ? 1 : (this.#usable[before] ?? 1);
      index.set(endpoint.id, i);
    });
    this.size = view.length;
    this.weights = weights;
    this.#usable = setUsable;
    this.#index = index;
    this.selectable = setUsable.map((on, i) => (on === 1 && (weights[i] ?? 0) > 0 ? 1 : 0));
    return from;
  }

  /** The present index of an endpoint; -1: not in the list. */
  indexOf(id: string): number {
    return this.#index.get(id) ?? -1;
  }

  usable(i: number, on: boolean): void {
    this.#usable[i] = on ? 1 : 0;
    this.selectable[i] = on && (this.weights[i] ?? 0) > 0 ? 1 : 0;
  }

  /** Whether `i` may be picked for a request that has tried `tried`. */
  isSelectable(i: number, tried: readonly number[]): boolean {
    return this.selectable[i] === 1 && (tried.length === 0 || !tried.includes(i));
  }

  /** The endpoint at `u`, uniform in [0, 1), of the selectable ones that were not tried, each as wide as its weight; -1: none. */
  selectableAt(u: number, tried: readonly number[]): number {
    let total = 0;
    for (let i = 0; i < this.size; i++) if (this.isSelectable(i, tried)) total += this.weights[i] as number;
    let left = u * total;
    let last = -1;
    for (let i = 0; i < this.size; i++) {
      if (!this.isSelectable(i, tried)) continue;
      last = i;
      left -= this.weights[i] as number;
      if (left < 0) break;
    }
    return last;
  }
}
