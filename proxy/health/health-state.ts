/** How many results in a row change the state (HAProxy's rise and fall); both ≥ 1. */
export interface Thresholds {
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/**
 * The health of one endpoint as a state machine over probe results. PURE.
 *
 *   state    failure                          success
 *   new      down, untested                   up
 *   untested (nothing)                        up
 *   up       down after unhealthyThreshold    (count restarts)
 *   down     (count restarts)                 up after healthyThreshold
 *
 * `new` is healthy: the cluster reports the endpoint as ready, so traffic need not wait for a probe. An endpoint that has never
 * passed a probe becomes unhealthy after one failure, and healthy after one success.
 */
export class HealthState {
  readonly #thresholds: Thresholds;
  #state: 'new' | 'untested' | 'up' | 'down' = 'new';
  /** Consecutive results that contradict the present state. */
  #against = 0;

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  get healthy(): boolean {
    return this.#state === 'new' || this.#state === 'up';
  }

  /** Whether there was a result: without one, an endpoint is healthy by default. */
  get checked(): boolean {
    return this.#state !== 'new';
  }

  /** Records one result; returns whether `healthy` changed. */
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
