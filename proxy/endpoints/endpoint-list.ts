import type { EndpointSetMetrics } from '../metrics/request-metrics.ts';
import type { Endpoint } from '../snapshot/types.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import { EndpointState } from './endpoint-state.ts';
import type { EndpointOwner } from './endpoint-state.ts';

export interface EndpointListDeps {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly metrics: EndpointSetMetrics;
  /** The endpoint has joined this set; it may have been in it before. */
  readonly joined: (e: EndpointState) => void;
  /** The endpoint has left this set. */
  readonly left: (e: EndpointState) => void;
}

/**
 * The endpoints of one set by id. An update keeps the state of every endpoint whose id, address and port stay the same; any other is
 * new.
 */
export class EndpointList {
  #owner: EndpointOwner;
  #health: EndpointHealth;
  #deps: EndpointListDeps;
  #byId = new Map<string, EndpointState>();

  constructor(owner: EndpointOwner, health: EndpointHealth, deps: EndpointListDeps) {
    this.#owner = owner;
    this.#health = health;
    this.#deps = deps;
  }

  /** Returns the endpoints in the order of `wanted`. `checkChanged`: the active check is another one, so all are watched again. */
  update(wanted: readonly Endpoint[], checkChanged: boolean): readonly EndpointState[] {
    const now = this.#deps.now();
    // In a new set every endpoint is established: no slow start, and no wait for the first probe.
    const established = this.#byId.size === 0;
    const next = new Map<string, EndpointState>();
    for (const w of wanted) {
      const known = this.#byId.get(w.id);
      const unchanged = known?.address === w.address && known.port === w.port;
      const e = unchanged ? known : new EndpointState(w, this.#owner, this.#deps.metrics.endpoint(w.hashKey, w.zone));
      if (!established && w.state === 'active' && (!unchanged || e.state === 'draining')) e.startedAt = now;
      e.update(w, this.#health.hasProbes && (unchanged ? e.state === 'filling' : !established), now);
      if (!unchanged || checkChanged) this.#health.watch(e);
      if (!unchanged) {
        e.healthChangedAt = now;
        this.#deps.joined(e);
      }
      next.set(w.id, e);
    }
    for (const e of this.#byId.values()) if (next.get(e.id) !== e) this.#remove(e);
    this.#byId = next;
    const endpoints = [...next.values()];
    endpoints.forEach((e, i) => (e.index = i));
    return endpoints;
  }

  /** Removes every endpoint; requests in flight may still end. */
  close(): void {
    for (const e of this.#byId.values()) this.#remove(e);
    this.#byId = new Map();
  }

  #remove(e: EndpointState): void {
    e.index = -1;
    this.#health.remove(e);
    e.metrics.release();
    this.#deps.left(e);
  }
}
