import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { EndpointLoads } from './endpoint-loads.ts';
import { EndpointTable } from './endpoint-table.ts';

/**
 * The exact least (active + 1) / weight, compared by cross-multiplication; on a tie the least recently picked, so that an idle
 * backend rotates. A heap of the usable endpoints: O(log n). New endpoints count as never picked; their order is seeded.
 */
export class LeastConnections implements Balancer {
  readonly #endpoints = new EndpointTable();
  readonly #loads = new EndpointLoads((i) => this.#heap.moved(i));
  readonly #heap = new IndexedHeap((a, b) => this.#before(a, b));
  readonly #seed: number;
  /** Sequence number of the last pick of each endpoint; below 0: never. */
  #picked = new Float64Array(0);
  #picks = 0;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  update(view: EndpointViews): void {
    const before = this.#picked;
    const n = view.length;
    const from = this.#endpoints.update(view);
    this.#loads.update(from);
    this.#picked = Float64Array.from(from, (old, i) => before[old] ?? ((i + n - (this.#seed % n)) % n) - n);
    this.#heap.fill(n, (i) => this.#endpoints.selectable[i] === 1);
  }

  setUsable(i: number, on: boolean): void {
    this.#endpoints.usable(i, on);
    this.#heap.set(i, this.#endpoints.selectable[i] === 1);
  }

  pick(c: PickContext): number {
    this.#loads.expirePenalties(c.now);
    const i = this.#heap.first(c.tried);
    if (i < 0) return -1;
    this.#picked[i] = ++this.#picks;
    this.#heap.moved(i);
    return i;
  }

  #before(a: number, b: number): boolean {
    const { weights } = this.#endpoints;
    const { counts } = this.#loads;
    const one = ((counts[a] as number) + 1) * (weights[b] as number);
    const other = ((counts[b] as number) + 1) * (weights[a] as number);
    return one < other || (one === other && (this.#picked[a] as number) < (this.#picked[b] as number));
  }

  begin(i: number): Handle {
    return this.#loads.begin(i);
  }

  end(h: Handle, ok: boolean | undefined, _headMs: number, now: number): void {
    this.#loads.end(h, ok, now);
  }
}
