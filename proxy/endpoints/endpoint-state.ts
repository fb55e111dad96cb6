import type { EndpointView } from '../balance/balancer.ts';
import type { ConnectionQuota, Target } from '../message/attempt.ts';
import type { Watch } from '../health/prober.ts';
import { OutlierState } from '../health/outlier-state.ts';
import type { EndpointMetrics } from '../metrics/endpoint-metrics.ts';
import type { Endpoint } from '../snapshot/types.ts';

/** The pool it belongs to. */
export interface EndpointOwner {
  readonly id: string;
  readonly quota: ConnectionQuota | undefined;
}

/** One endpoint of one pool at run time, as long as it stays. */
export class EndpointState implements Target, EndpointView {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly metrics: EndpointMetrics;
  readonly hashKey: string;
  /** In effect; slow start keeps it below the whole for a while. */
  weight: number;
  fullWeight: number;
  /** Monotonic milliseconds at which it began to take work; -Infinity: it was there from the start. */
  startedAt = -Infinity;
  zone: string;
  /** `filling`: joined a pool that was there before, and has not passed its first probe. */
  state: Endpoint['state'] | 'filling';
  /** Monotonic milliseconds; Infinity: it does not drain. */
  drainingSince = Infinity;
  /** In the pool's present view; -1 once it has left. */
  index = -1;
  /** May be picked. */
  usable = true;
  /** Passes its checks and is not ejected. */
  healthy = true;
  /** Monotonic milliseconds at which `healthy` became what it is, or the endpoint joined. */
  healthChangedAt = 0;
  watch: Watch | undefined;
  /** What passive checks know of it. */
  readonly outlier = new OutlierState();

  /** Requests in progress. */
  active = 0;
  /** As many of them as it may have. */
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
    this.state = e.state;
    this.metrics = metrics;
  }

  get quota(): ConnectionQuota | undefined {
    return this.#owner.quota;
  }

  /** What an update may change. `unproven`: it joined, and has not passed a probe. `now`: monotonic milliseconds. */
  update({ weight, zone, state }: Endpoint, unproven: boolean, now: number): void {
    this.fullWeight = weight;
    this.zone = zone;
    this.state = state === 'active' && unproven ? 'filling' : state;
    this.drainingSince = state === 'draining' ? Math.min(this.drainingSince, now) : Infinity;
  }
}
