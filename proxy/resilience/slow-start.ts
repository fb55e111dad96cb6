/** Slow start: weights rise gradually, so that an endpoint with cold caches does not get its full share at once. PURE. */
import type { SlowStartSettings } from '../snapshot/types.ts';

/** Number of steps; each changed weight is an update of the balancer. */
const STEPS = 16;

export interface SlowStartEndpoint {
  /** Weight after slow start. */
  readonly fullWeight: number;
  /** Effective weight. */
  weight: number;
  /** Monotonic milliseconds at which it began to take requests; -Infinity: long ago. */
  readonly startedAt: number;
  readonly usable: boolean;
}

/**
 * Envoy's formula: weight · max(minWeightPercent, (t / window)^(1 / aggression)), t in whole sixteenths of the window. If every
 * usable endpoint is starting, all have their full weight, since no other endpoint could take the load.
 */
export class SlowStart {
  /** Monotonic milliseconds at which a weight may change next; Infinity: never. */
  nextChangeAt = Infinity;
  #settings: SlowStartSettings | undefined;

  /** Undefined: every endpoint has its full weight from the start. */
  configure(settings: SlowStartSettings | undefined): void {
    this.#settings = settings;
  }

  /** Sets the effective weights; returns whether one changed. */
  applyWeights(endpoints: readonly SlowStartEndpoint[], now: number): boolean {
    const s = this.#settings;
    const others = s !== undefined && endpoints.some((e) => e.usable && e.fullWeight > 0 && stepOf(e, s, now) === STEPS);
    let changed = false;
    this.nextChangeAt = Infinity;
    for (const e of endpoints) {
      const step = s ? stepOf(e, s, now) : STEPS;
      if (s && step < STEPS) this.nextChangeAt = Math.min(this.nextChangeAt, e.startedAt + ((step + 1) * s.window) / STEPS);
      const weight = others ? e.fullWeight * shareAt(step, s) : e.fullWeight;
      if (weight !== e.weight) changed = true;
      e.weight = weight;
    }
    return changed;
  }
}

/** 0 to STEPS; STEPS: slow start is over. */
function stepOf({ startedAt }: SlowStartEndpoint, { window }: SlowStartSettings, now: number): number {
  // A small addition, so that rounding never puts the start of a step into the step before.
  return Math.min(STEPS, Math.floor(((now - startedAt) / window) * STEPS + 1e-6));
}

function shareAt(step: number, { aggression, minWeightPercent }: SlowStartSettings): number {
  return Math.max(minWeightPercent / 100, (step / STEPS) ** (1 / aggression));
}
