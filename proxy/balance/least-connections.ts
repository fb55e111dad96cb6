import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { EndpointLoads } from './endpoint-loads.ts';
import { EndpointTable } from './endpoint-table.ts';
import { FairShare } from './fair-share.ts';
import { StrideSchedule } from './stride-schedule.ts';

/**
 * Endpoints take turns by weight (`StrideSchedule`). The least loaded endpoint takes the request instead if it has the same weight as
 * the one whose turn it is, or if that one holds more than its fair share (`FairShare`); so a backend of equal weights always uses
 * its exact least. Least loaded is the lowest (active + 1) / weight, compared by cross-multiplication; on a tie the least recently
 * picked, so that an idle backend rotates. The turn is used up in any case: a slow endpoint saves up none. Both orders are heaps of
 * the usable endpoints: O(log n). The order of new endpoints is seeded.
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
    const first = this.#turns.next(c.tried);
    const i = this.#loadDecides(first, least, c) ? least : first;
    this.#picked[i] = ++this.#picks;
    this.#least.moved(i);
    return i;
  }

  /** Whether `least` takes the request although it is the turn of `first`. */
  #loadDecides(first: number, least: number, { random }: PickContext): boolean {
    const { weights } = this.#endpoints;
    const weight = weights[first] as number;
    return weight === weights[least] || this.#fair.isExceeded(this.#loads.counts[first] as number, weight, random);
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
