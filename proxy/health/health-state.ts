/** How many results in a row turn an endpoint (HAProxy's rise and fall); both ≥ 1. */
export interface Thresholds {
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/**
 * What a sequence of probe results says about one endpoint. PURE.
 *
 *   state    failure                          success
 *   new      down, untested                   up
 *   untested (nothing)                        up
 *   up       down after unhealthyThreshold    (count starts anew)
 *   down     (count starts anew)              up after healthyThreshold
 *
 * New counts as healthy: the cluster says that the endpoint is ready, and traffic need not wait for a probe. But an endpoint
 * that was never seen to work gets no benefit of the doubt, so one failure is enough, and then one success.
 */
export class HealthState {
  readonly #thresholds: Thresholds;
  #state: 'new' | 'untested' | 'up' | 'down' = 'new';
  /** Results in a row that speak against the present state. */
  #against = 0;

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  get healthy(): boolean {
    return this.#state === 'new' || this.#state === 'up';
  }

  /** Takes one result; whether `healthy` changed. */
  record(ok: boolean): boolean {
    switch (this.#state) {
      case 'new':
        this.#state = ok ? 'up' : 'untested';
        return !ok;
      case 'untested':
        if (ok) this.#state = 'up';
        return ok;
      case 'up':
        return this.#count(!ok, this.#thresholds.unhealthyThreshold, 'down');
      case 'down':
        return this.#count(ok, this.#thresholds.healthyThreshold, 'up');
    }
  }

  #count(against: boolean, threshold: number, turned: 'up' | 'down'): boolean {
    this.#against = against ? this.#against + 1 : 0;
    if (this.#against < threshold) return false;
    this.#state = turned;
    this.#against = 0;
    return true;
  }
}
