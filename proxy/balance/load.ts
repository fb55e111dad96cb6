import type { Handle } from './balancer.ts';

/** Milliseconds that a failure counts as one request in flight, on average. */
const PENALTY_MS = 1000;
/** A penalty that decayed below this is over, so that equal loads compare as equal again. */
const NEGLIGIBLE = 1 / 64;

/** What one endpoint carries; also the handle of its requests, which is why it outlives the endpoint while any are in flight. */
class Load {
  active = 0;
  /** Value at the time `penalisedAt`; decays from there. */
  penalty = 0;
  penalisedAt = 0;

  at(now: number): number {
    if (this.penalty === 0) return this.active;
    const left = this.penalty * Math.exp((this.penalisedAt - now) / PENALTY_MS);
    return left < NEGLIGIBLE ? this.active : this.active + left;
  }

  fail(now: number): void {
    const left = this.at(now) - this.active;
    this.penalty = left + 1;
    this.penalisedAt = now;
  }
}

/**
 * Requests in flight per endpoint, for the strategies that seek the least. An endpoint that fails fast has little in flight and
 * would attract everything, so a failure keeps counting after its end: as one request, decaying with a time constant of one
 * second, which weighs as much as one request that takes a second. A steady rate of failures thus gives a steady penalty, and
 * equal endpoints stay equal.
 */
export class Loads {
  #loads: Load[] = [];

  /** `from`: as `Slots.update` answers. */
  update(from: Int32Array): void {
    this.#loads = Array.from(from, (old) => this.#loads[old] ?? new Load());
  }

  begin(i: number): Handle {
    const load = this.#loads[i];
    if (load === undefined) throw new RangeError(`no endpoint ${i}`);
    load.active++;
    return load;
  }

  end(h: Handle, ok: boolean, now: number): void {
    const load = h as Load;
    load.active--;
    if (!ok) load.fail(now);
  }

  /** The load that one more request would make on `i`, penalty included; ≥ 1. */
  withOneMore(i: number, now: number): number {
    return (this.#loads[i]?.at(now) ?? 0) + 1;
  }
}
