import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';
import { EndpointLoads } from './endpoint-loads.ts';

/**
 * Power of two choices: two independent weighted draws; the lower (active + 1) / weight wins, the first on a tie. Nearly as even as
 * the exact least, and proxies that do not see each other's requests do not all choose the same endpoint. Of n endpoints, one in n²
 * picks draws each of them twice: then the endpoint loses to a further draw if it has more than twice that one's requests, weights
 * aside, so that light endpoints keep their share while idle.
 */
export class LeastRequest implements Balancer {
  readonly #draw = new WeightedDraw();
  readonly #loads = new EndpointLoads();

  update(view: EndpointViews): void {
    this.#loads.update(this.#draw.update(view));
  }

  setUsable(i: number, on: boolean): void {
    this.#draw.setUsable(i, on);
  }

  pick(c: PickContext): number {
    this.#loads.expirePenalties(c.now);
    const first = this.#draw.draw(c);
    if (first < 0) return -1;
    const second = this.#draw.draw(c);
    const { counts } = this.#loads;
    if (second === first) {
      const other = this.#draw.other(first, c);
      return other >= 0 && 2 * ((counts[other] as number) + 1) < (counts[first] as number) + 1 ? other : first;
    }
    const { weights } = this.#draw.endpoints;
    const one = ((counts[first] as number) + 1) * (weights[second] as number);
    const other = ((counts[second] as number) + 1) * (weights[first] as number);
    return other < one ? second : first;
  }

  begin(i: number): Handle {
    return this.#loads.begin(i);
  }

  end(h: Handle, ok: boolean | undefined, _headMs: number, now: number): void {
    this.#loads.end(h, ok, now);
  }
}
