import type { EndpointView } from '../balance/balancer.ts';
import type { ConnectionQuota, Target } from '../message/attempt.ts';
import type { Watch } from '../health/prober.ts';
import { OutlierState } from '../health/outlier-state.ts';
import type { EndpointMetrics } from '../metrics/endpoint-metrics.ts';
import type { Endpoint } from '../snapshot/types.ts';

/** The endpoint set that an endpoint belongs to. */
export interface EndpointOwner {
  readonly id: string;
  readonly quota: ConnectionQuota | undefined;
}

/** One endpoint of one set at run time. Kept while its id, address and port stay the same. */
export class EndpointState implements Target, EndpointView {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly metrics: EndpointMetrics;
  readonly hashKey: string;
  /** Effective weight; below `fullWeight` during slow start. */
  weight: number;
  fullWeight: number;
  /** Monotonic milliseconds at which it began to take requests; -Infinity: it was there from the start. */
  startedAt = -Infinity;
  zone: string;
  hints: Endpoint['hints'];
  /** `filling`: joined an existing set, and has not passed its first probe. */
  state: Endpoint['state'] | 'filling';
  /** Monotonic milliseconds; Infinity: not draining. */
  drainingSince = Infinity;
  /** Index in the set's present list; -1 once it has left. */
  index = -1;
  /** Whether the balancer may pick it. */
  usable = true;
  /** Whether it passes its checks and is not ejected. */
  healthy = true;
  /** Monotonic milliseconds at which `healthy` last changed, or the endpoint joined. */
  healthChangedAt = 0;
  watch: Watch | undefined;
  /** State of passive checks. */
  readonly outlier = new OutlierState();

  /** Requests in progress. */
  active = 0;
  /** Whether `active` has reached the limit. */
  saturated = false;
  readonly key: string;
  #owner: EndpointOwner;

  constructor(e: Endpoint, home: EndpointOwner, metrics: EndpointMetrics) {
    this.id = e.id;
    this.key = `${home.id} ${e.id} ${e.address}:${e.port}`;
    this.#owner = home;
    this.address = e.address;
    this.port = e.port;
    this.hashKey = e.hashKey;
    this.weight = e.weight;
    this.fullWeight = e.weight;
    this.zone = e.zone;
    this.hints = e.hints;
    this.state = e.state;
    this.metrics = metrics;
  }

  get quota(): ConnectionQuota | undefined {
    return this.#owner.quota;
  }

  /**
   * Takes the fields that an update may change. `unproven`: it joined, and has not passed a probe. `now`: monotonic milliseconds.
   */
  update({ weight, zone, hints, state }: Endpoint, unproven: boolean, now: number): void {
    this.fullWeight = weight;
    this.zone = zone;
    this.hints = hints;
    this.state = state === 'active' && unproven ? 'filling' : state;
    this.drainingSince = state === 'draining' ? Math.min(this.drainingSince, now) : Infinity;
  }
}
