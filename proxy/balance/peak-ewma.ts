import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { FairShare } from './fair-share.ts';
import { WeightedDraw } from './weighted-draw.ts';

/** Time constant of the average, ms. */
const DECAY_MS = 5_000;
/** Assumed round trip of a new endpoint without peers, ms. */
const FIRST_GUESS_MS = 30;
/** Upper limit in ms up to which fast failures double the average: the endpoint must be tried again within tens of seconds. */
const MAX_PENALTY_MS = 1_000;
/**
 * An endpoint is slower than one of another weight if its average is higher by more than this factor: averages are near the peaks of
 * the last seconds, which are higher where more requests go.
 */
const TOLERANCE = 2;

/** The handle of an endpoint's requests; identifies the endpoint across updates. */
interface Peer {
  /** Index in the present list; -1: gone. */
  index: number;
}

/** The numbers of one endpoint are adjacent in memory: a pick reads two random endpoints of a large array. */
const WIDTH = 4;
/** Average round trip at the time AT, ms. */
const EWMA = 0;
const AT = 1;
const ACTIVE = 2;
const WEIGHT = 3;

/**
 * Peak-EWMA (Finagle, Linkerd): two weighted draws. A round trip is the time to the response head; its average decays without
 * samples, so that an endpoint that was slow is tried again. A failure counts as at least twice the average, so that failing fast
 * does not look like answering fast.
 *
 * Of equal weights the lower cost wins: average × (active + 1). Of unequal weights:
 *
 * | the first draw                                    | takes the request                                          |
 * |---------------------------------------------------|------------------------------------------------------------|
 * | is not slower, holds no more than its fair share  | the first: weight decides (`FairShare`)                    |
 * | is slower, the second holds no more than its own  | the second                                                 |
 * | otherwise                                         | the lower average × max(active + 1, fair share) ÷ weight   |
 *
 * Between unequal weights, decay lowers no average below the other one as it was measured: it forgives slowness, but the lighter
 * endpoint, which has fewer samples, must not seem faster.
 *
 * Of n equal endpoints, one in n² picks draws each of them twice: then the endpoint loses to a further draw if it costs more than
 * twice as much.
 */
export class PeakEWMA implements Balancer {
  readonly #draw = new WeightedDraw();
  readonly #fair = new FairShare(this.#draw.endpoints);
  #peers: Peer[] = [];
  #numbers = new Float64Array(0);

  update(view: EndpointViews, now: number): void {
    const from = this.#draw.update(view);
    const { weights } = this.#draw.endpoints;
    const guess = this.#guess(from, now);
    const numbers = new Float64Array(from.length * WIDTH);
    const peers = this.#peers;
    for (const peer of peers) peer.index = -1;
    this.#peers = Array.from(from, (old, i) => {
      if (old < 0) numbers.set([guess, now, 0], i * WIDTH);
      else numbers.set(this.#numbers.subarray(old * WIDTH, old * WIDTH + WIDTH), i * WIDTH);
      numbers[i * WIDTH + WEIGHT] = weights[i] as number;
      const peer = peers[old] ?? { index: i };
      peer.index = i;
      return peer;
    });
    this.#numbers = numbers;
    this.#fair.update((i) => numbers[i * WIDTH + ACTIVE] as number);
  }

  /** The median of the endpoints that stay, for new ones. */
  #guess(from: Int32Array, now: number): number {
    const stayed = from.filter((old) => old >= 0);
    if (stayed.length === 0) return FIRST_GUESS_MS;
    return Float64Array.from(stayed, (old) => this.#decayed(old * WIDTH, now)).sort()[stayed.length >> 1] as number;
  }

  setUsable(i: number, on: boolean): void {
    this.#draw.setUsable(i, on);
    this.#fair.usable(i, this.#numbers[i * WIDTH + ACTIVE] as number);
  }

  pick(c: PickContext): number {
    const first = this.#draw.draw(c);
    if (first < 0) return -1;
    const second = this.#draw.draw(c);
    if (second !== first) return this.#isBetter(second * WIDTH, first * WIDTH, 1, c) ? second : first;
    const other = this.#draw.other(first, c);
    return other >= 0 && this.#isBetter(other * WIDTH, first * WIDTH, TOLERANCE, c) ? other : first;
  }

  /** @param factor of equal weights, how many times the cost of `other` that of `first` must exceed. */
  #isBetter(other: number, first: number, factor: number, c: PickContext): boolean {
    const numbers = this.#numbers;
    const weight = numbers[first + WEIGHT] as number;
    const otherWeight = numbers[other + WEIGHT] as number;
    const load = (numbers[first + ACTIVE] as number) + 1;
    const otherLoad = (numbers[other + ACTIVE] as number) + 1;
    const average = this.#decayed(first, c.now);
    const otherAverage = this.#decayed(other, c.now);
    if (weight === otherWeight) return factor * otherAverage * otherLoad < average * load;
    const floor = Math.min(numbers[first + EWMA] as number, numbers[other + EWMA] as number);
    const latency = Math.max(average, floor);
    const otherLatency = Math.max(otherAverage, floor);
    const isSlower = latency > TOLERANCE * otherLatency;
    if (!isSlower && !this.#fair.isExceeded(load - 1, weight, c.random)) return false;
    if (isSlower && !this.#fair.isExceeded(otherLoad - 1, otherWeight, c.random)) return true;
    const cost = (latency * Math.max(load, this.#fair.of(weight))) / weight;
    return (otherLatency * Math.max(otherLoad, this.#fair.of(otherWeight))) / otherWeight < cost;
  }

  #decayed(at: number, now: number): number {
    return (this.#numbers[at + EWMA] as number) * Math.exp(((this.#numbers[at + AT] as number) - now) / DECAY_MS);
  }

  begin(i: number): Handle {
    const peer = this.#peers[i];
    if (peer === undefined) throw new RangeError(`no endpoint ${i}`);
    this.#numbers[i * WIDTH + ACTIVE]!++;
    this.#fair.add(i, 1);
    return peer;
  }

  end(h: Handle, ok: boolean | undefined, headMs: number, now: number): void {
    const { index } = h as Peer;
    if (index < 0) return;
    const at = index * WIDTH;
    this.#numbers[at + ACTIVE]!--;
    this.#fair.add(index, -1);
    const ewma = this.#numbers[at + EWMA] as number;
    if (ok === true) this.#observe(at, headMs, now);
    else if (ok === false) this.#observe(at, Math.max(headMs, Math.min(2 * ewma, MAX_PENALTY_MS)), now);
    // A client that left saw no more than a lower bound: it can raise the average, not lower it.
    else if (headMs > ewma) this.#observe(at, headMs, now);
  }

  /** Peak-sensitive: a higher round trip replaces the average at once, lower ones reduce it gradually. */
  #observe(at: number, rtt: number, now: number): void {
    const ewma = this.#numbers[at + EWMA] as number;
    const share = Math.exp(((this.#numbers[at + AT] as number) - now) / DECAY_MS);
    this.#numbers[at + EWMA] = rtt > ewma ? rtt : ewma * share + rtt * (1 - share);
    this.#numbers[at + AT] = now;
  }
}
