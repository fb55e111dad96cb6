import type { EndpointState } from './endpoint-state.ts';

/**
 * What a request to the set gets, from best to worst: an endpoint that is known to be healthy, because it passed its active check or has
 * none; one that was not checked yet; one whatever its health, in panic mode; none,
 * or only endpoints that refuse connections.
 */
export type Readiness = 'healthy' | 'checking' | 'panic' | 'none';

/**
 * Which endpoints of one set the balancer may pick. The pick set is the active endpoints, or the draining ones if none is active. An
 * endpoint is usable if it is in the pick set and is healthy, or if the set is in panic mode: fewer than `panicThreshold` percent of
 * the eligible endpoints are healthy.
 */
export class PickSet {
  #endpoints: readonly EndpointState[] = [];
  /** `available`: in the pick set, healthy, weight > 0. `active`: not draining, weight > 0. */
  readonly #counts = { available: 0, active: 0 };
  /** Endpoints in the pick set with weight > 0. */
  #eligible = 0;
  #panic = false;

  get endpoints(): readonly EndpointState[] {
    return this.#endpoints;
  }

  get counts(): { readonly available: number; readonly active: number } {
    return this.#counts;
  }

  get eligible(): number {
    return this.#eligible;
  }

  /** Whether health is ignored because too few endpoints are healthy. */
  get panic(): boolean {
    return this.#panic;
  }

  get readiness(): Readiness {
    if (this.#endpoints.some((e) => this.#isKnownHealthy(e))) return 'healthy';
    if (this.#endpoints.some((e) => e.watch?.checked === false && this.#isServing(e))) return 'checking';
    return this.#panic ? 'panic' : 'none';
  }

  /** Replaces the endpoints and computes the health of each. `now`: monotonic milliseconds. */
  update(endpoints: readonly EndpointState[], now: number): void {
    this.#endpoints = endpoints;
    this.#counts.active = endpoints.filter((e) => e.state !== 'draining' && e.fullWeight > 0).length;
    this.#counts.available = 0;
    this.#eligible = 0;
    for (const e of endpoints) {
      const healthy = isHealthy(e);
      if (healthy !== e.healthy) e.healthChangedAt = now;
      e.healthy = healthy;
      if (!this.#isEligible(e)) continue;
      this.#eligible++;
      if (e.healthy) this.#counts.available++;
    }
  }

  /** Inverts the health of one endpoint. */
  flipHealth(e: EndpointState, now: number): void {
    e.healthy = !e.healthy;
    e.healthChangedAt = now;
    if (e.healthy) e.startedAt = now;
    if (this.#isEligible(e)) this.#counts.available += e.healthy ? 1 : -1;
  }

  /** Returns whether panic mode began or ended. `threshold`: percent, 0-100. */
  updatePanic(threshold: number): boolean {
    const panic = this.#eligible > 0 && this.#counts.available * 100 < threshold * this.#eligible;
    if (panic === this.#panic) return false;
    this.#panic = panic;
    return true;
  }

  isUsable(e: EndpointState): boolean {
    return this.#isInPickSet(e) && (e.healthy || this.#panic);
  }

  /** Whether the endpoint would be available if it were not ejected. */
  isAvailableUnlessEjected(e: EndpointState): boolean {
    return e.watch?.healthy !== false && this.#isEligible(e);
  }

  /** Whether the set is `healthy` because of this endpoint alone. */
  isOnlyKnownHealthy(e: EndpointState): boolean {
    return this.#isKnownHealthy(e) && !this.#endpoints.some((other) => other !== e && this.#isKnownHealthy(other));
  }

  #isKnownHealthy(e: EndpointState): boolean {
    return e.watch?.checked !== false && this.#isServing(e);
  }

  #isServing(e: EndpointState): boolean {
    return e.healthy && !e.outlier.refusing && this.#isEligible(e);
  }

  #isEligible(e: EndpointState): boolean {
    return e.fullWeight > 0 && this.#isInPickSet(e);
  }

  #isInPickSet(e: EndpointState): boolean {
    return e.state !== 'draining' || this.#counts.active === 0;
  }
}

/** Whether the endpoint passes its active check and is not ejected. */
export function isHealthy(e: EndpointState): boolean {
  return e.watch?.healthy !== false && !e.outlier.ejected;
}
