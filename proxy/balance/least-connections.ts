import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { EndpointLoads } from './endpoint-loads.ts';
import { EndpointTable } from './endpoint-table.ts';
import { FairShare } from './fair-share.ts';
import { StrideSchedule } from './stride-schedule.ts';

/** Turns that a pick goes through at most. With more than so many slow endpoints in a row, load alone decides. */
const MAX_TURNS = 4;

/**
 * Endpoints take turns by weight (`StrideSchedule`). The least loaded endpoint takes the request instead if it has the same weight as
 * the one whose turn it is; so a backend of equal weights always uses its exact least. An endpoint that holds more than its fair share
 * (`FairShare`) is passed over: what it does not take goes to the others by their turns, and so by weight. A turn is used up in any
 * case, so that a slow endpoint saves up none.
 *
 * Least loaded is the lowest (active + 1) / weight, compared by cross-multiplication; on a tie the least recently picked, so that an
 * idle backend rotates. Both orders are heaps of the usable endpoints: O(log n). The order of new endpoints is seeded.
 */
export class LeastConnections implements Balancer {
  readonly #endpoints = new EndpointTable();
  readonly #fair = new FairShare(this.#endpoints);
  readonly #turns = new StrideSchedule(this.#endpoints);
  readonly #loads = new EndpointLoads((i, by) => {
    this.#fair.add(i, by);
    this.#least.moved(i);
  });
  readonly #least = new IndexedHeap((a, b) => this.#before(a, b));
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
    const order = (i: number) => (i + n - (this.#seed % n)) % n;
    this.#loads.update(from);
    this.#fair.update((i) => this.#loads.counts[i] as number);
    this.#turns.update(from, (i) => order(i) / n);
    this.#picked = Float64Array.from(from, (old, i) => before[old] ?? order(i) - n);
    this.#least.fill(n, (i) => this.#endpoints.selectable[i] === 1);
  }

  setUsable(i: number, on: boolean): void {
    this.#endpoints.usable(i, on);
    this.#fair.usable(i, this.#loads.counts[i] as number);
    this.#turns.usable(i);
    this.#least.set(i, this.#endpoints.selectable[i] === 1);
  }

  pick(c: PickContext): number {
    this.#loads.expirePenalties(c.now);
    const least = this.#least.first(c.tried);
    if (least < 0) return -1;
    const i = this.#byTurn(least, c);
    this.#picked[i] = ++this.#picks;
    this.#least.moved(i);
    return i;
  }

  /** @param least the least loaded endpoint */
  #byTurn(least: number, { tried, random }: PickContext): number {
    const { weights } = this.#endpoints;
    let passed = tried;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const i = this.#turns.next(passed);
      if (i < 0 || weights[i] === weights[least]) return least;
      if (!this.#fair.isExceeded(this.#loads.counts[i] as number, weights[i] as number, random)) return i;
      passed = [...passed, i];
    }
    return least;
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
