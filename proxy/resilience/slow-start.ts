/** Weights that rise slowly, so that an endpoint with cold caches is not met by its whole share at once. PURE. */
import type { SlowStart as Settings } from '../snapshot/types.ts';

/** Weights change in this many steps: each is an update of the balancer. */
const STEPS = 16;

export interface SlowStartEndpoint {
  /** The weight in the end. */
  readonly fullWeight: number;
  /** The weight in effect. */
  weight: number;
  /** Monotonic milliseconds at which it began to take work; -Infinity: long ago. */
  readonly startedAt: number;
  readonly usable: boolean;
}

/**
 * Envoy's formula: weight · max(minWeightPercent, (t / window)^(1 / aggression)), t in whole sixteenths of the window. Where every
 * endpoint that could take work is starting there is nobody to take it from, and all have their whole weight.
 */
export class SlowStart {
  /** Monotonic milliseconds at which a weight may change; Infinity: none does by itself. */
  nextChangeAt = Infinity;
  #settings: Settings | undefined;

  /** Undefined: everyone has the whole weight from the start. */
  configure(settings: Settings | undefined): void {
    this.#settings = settings;
  }

  /** Sets the weights in effect; whether one of them changed. */
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

/** 0 to STEPS, which is when it is over. */
function stepOf({ startedAt }: SlowStartEndpoint, { window }: Settings, now: number): number {
  // A little more, so that the time at which a step begins is in that step whatever the rounding.
  return Math.min(STEPS, Math.floor(((now - startedAt) / window) * STEPS + 1e-6));
}

function shareAt(step: number, { aggression, minWeightPercent }: Settings): number {
  return Math.max(minWeightPercent / 100, (step / STEPS) ** (1 / aggression));
}
