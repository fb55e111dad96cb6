import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';
import { EndpointLoads } from './endpoint-loads.ts';
import { FairShare } from './fair-share.ts';

/**
 * Power of two choices: two independent weighted draws. Of equal weights the one with fewer requests in flight wins, the first on a
 * tie; of unequal weights the first, unless it holds more than its fair share (`FairShare`). Nearly as even as the exact least, and
 * proxies that do not see each other's requests do not all choose the same endpoint.
 *
 * Of n equal endpoints, one in n² picks draws each of them twice: then the endpoint loses to a further draw if it has more than
 * twice that one's requests.
 */
export class LeastRequest implements Balancer {
  readonly #draw = new WeightedDraw();
  readonly #fair = new FairShare(this.#draw.endpoints);
  readonly #loads = new EndpointLoads((i, by) => this.#fair.add(i, by));

  update(view: EndpointViews): void {
    this.#loads.update(this.#draw.update(view));
    this.#fair.update((i) => this.#loads.counts[i] as number);
  }

  setUsable(i: number, on: boolean): void {
    this.#draw.setUsable(i, on);
    this.#fair.usable(i, this.#loads.counts[i] as number);
  }

  pick(c: PickContext): number {
    this.#loads.expirePenalties(c.now);
    const first = this.#draw.draw(c);
    if (first < 0) return -1;
    const second = this.#draw.draw(c);
    if (second !== first) return this.#isBetter(second, first, 1, c) ? second : first;
    const other = this.#draw.other(first, c);
    return other >= 0 && this.#isBetter(other, first, 2, c) ? other : first;
  }

  /** @param factor of equal weights, how many times the load of `other` that of `first` must exceed. */
  #isBetter(other: number, first: number, factor: number, { random }: PickContext): boolean {
    const { weights } = this.#draw.endpoints;
    const { counts } = this.#loads;
    const weight = weights[first] as number;
    const otherWeight = weights[other] as number;
    const load = (counts[first] as number) + 1;
    const otherLoad = (counts[other] as number) + 1;
    if (weight === otherWeight) return factor * otherLoad < load;
    return this.#fair.isExceeded(load - 1, weight, random) && otherLoad * weight < load * otherWeight;
  }

  begin(i: number): Handle {
    return this.#loads.begin(i);
  }

  end(h: Handle, ok: boolean | undefined, _headMs: number, now: number): void {
    this.#loads.end(h, ok, now);
  }
}
