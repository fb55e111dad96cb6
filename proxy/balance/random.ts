import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';
import { UNCOUNTED } from './endpoint-table.ts';

/** Every pick is an independent draw in proportion to the weights. */
export class Random implements Balancer {
  readonly #draw = new WeightedDraw();

  update(view: EndpointViews): void {
    this.#draw.update(view);
  }

  setUsable(i: number, on: boolean): void {
    this.#draw.setUsable(i, on);
  }

  pick(c: PickContext): number {
    return this.#draw.draw(c);
  }

  begin(): Handle {
    return UNCOUNTED;
  }

  end(): void {
    // Nothing is counted.
  }
}
