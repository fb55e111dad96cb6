import type { EndpointTable } from './endpoint-table.ts';

/**
 * The fair share of an endpoint: the part of all requests in flight that its weight is of all weights. It guards the weights in the
 * strategies that use load. A weight must count once: to draw an endpoint by weight, and then to compare load ÷ weight with a second
 * one, counts it twice while little is in flight. So of the endpoint whose turn it is by weight, and another one:
 *
 * | the first                                    | takes the request                                                       |
 * |----------------------------------------------|-------------------------------------------------------------------------|
 * | has the same weight as the other             | the less loaded: the choice does not change what that weight gets       |
 * | holds no more than its fair share, plus one  | the first: weight decides                                               |
 * | holds more                                   | not the first, unless the other has more load for its weight            |
 *
 * Fair shares are not whole numbers. Always rounded up, endpoints of nearly equal weights would get unequal limits, and shares that
 * are 3 points wrong; so they are rounded at random, in proportion to the fraction (stochastic rounding).
 *
 * All selectable endpoints count. The totals are kept up to date, so that a pick reads them in constant time.
 */
export class FairShare {
  readonly #endpoints: EndpointTable;
  /** By index: 1 if the endpoint is in the totals. */
  #counted = new Uint8Array(0);
  #weight = 0;
  #inFlight = 0;

  constructor(endpoints: EndpointTable) {
    this.#endpoints = endpoints;
  }

  /** After an update of the table. `inFlight`: by index. */
  update(inFlight: (i: number) => number): void {
    this.#counted = new Uint8Array(this.#endpoints.size);
    this.#weight = 0;
    this.#inFlight = 0;
    for (let i = 0; i < this.#counted.length; i++) this.usable(i, inFlight(i));
  }

  /** After the table was told whether `i` is usable. `inFlight`: its requests. */
  usable(i: number, inFlight: number): void {
    const counts = this.#endpoints.selectable[i] as number;
    const by = counts - (this.#counted[i] as number);
    this.#counted[i] = counts;
    this.#weight += by * (this.#endpoints.weights[i] as number);
    this.#inFlight += by * inFlight;
  }

  /** The requests in flight of `i` changed by `n`. */
  add(i: number, n: number): void {
    if (this.#counted[i] === 1) this.#inFlight += n;
  }

  /** The fair share of an endpoint, were the next request in flight as well; not a whole number. */
  of(weight: number): number {
    return ((this.#inFlight + 1) * weight) / this.#weight;
  }

  /** Whether an endpoint holds more than its fair share and one. */
  isExceeded(inFlight: number, weight: number, random: () => number): boolean {
    return inFlight > 1 && inFlight - 1 - random() >= this.of(weight);
  }
}
