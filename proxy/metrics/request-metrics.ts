/** The metric series of the request path: one family per metric, handed out per policy and per endpoint. */
import { ENDPOINT_WIDTH, EndpointMetrics } from './endpoint-metrics.ts';
import { HISTOGRAM_WIDTH } from './histogram.ts';
import { policyLabels } from './labels.ts';
import { ROUTE_WIDTH, RouteMetrics } from './route-metrics.ts';
import { CounterBuffer, Family } from './series.ts';

/** Endpoints with a series of their own, over all policies; further ones count together, per Service and zone. */
const MAX_ENDPOINT_SERIES = 2000;

export class RequestMetrics {
  readonly buffer = new CounterBuffer();
  readonly endpoints = new Family(this.buffer, ENDPOINT_WIDTH);
  readonly routes = new Family(this.buffer, ROUTE_WIDTH);
  readonly requests = new Family(this.buffer, 1);
  readonly retries = new Family(this.buffer, 1);
  readonly localReplies = new Family(this.buffer, 1);
  readonly duration = new Family(this.buffer, HISTOGRAM_WIDTH);
  readonly firstByte = new Family(this.buffer, HISTOGRAM_WIDTH);
  readonly connect = new Family(this.buffer, HISTOGRAM_WIDTH);
  bytesIn = 0;
  bytesOut = 0;
  readonly now: () => number;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Counters of a policy, `namespace/name`. */
  route(policy: string): RouteMetrics {
    return new RouteMetrics(this, policyLabels(policy));
  }

  /** Counters of the endpoints of a pool, `namespace/policy/service namespace/service:port`. */
  endpointSet(id: string): EndpointSetMetrics {
    const labels = policyLabels(id);
    const service = id.split('/').slice(2).join('/');
    return {
      endpoint: (endpoint, zone) => {
        const own = { ...labels, endpoint };
        const room = this.endpoints.size < MAX_ENDPOINT_SERIES || this.endpoints.isHeld(own);
        return new EndpointMetrics(this, room ? own : { ...labels, endpoint: `${service}@${zone}` });
      },
    };
  }
}

export interface EndpointSetMetrics {
  /** @param name pod name and port, else address and port. */
  endpoint(name: string, zone: string): EndpointMetrics;
}
