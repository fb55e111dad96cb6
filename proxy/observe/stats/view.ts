/** The data of `/stats.json`, which the page shows. `version` changes when the meaning of a field changes. */

export const VIEW_VERSION = 2;

export interface StatsView {
  readonly version: typeof VIEW_VERSION;
  /** ISO 8601, as all times here. */
  readonly at: string;
  readonly proxy: ProxyView;
  /** Null before the first snapshot. */
  readonly snapshot: SnapshotView | null;
  /** What this proxy cannot serve of its snapshot. */
  readonly rejected: readonly RejectedView[];
  readonly rejectedLeftOut: number;
  readonly totals: TotalsView;
  /** The filter of the rows; empty: all. */
  readonly filter: string;
  readonly routes: readonly RouteView[];
  readonly routesLeftOut: number;
  readonly backends: readonly BackendView[];
  readonly endpointsLeftOut: number;
}

export interface ProxyView {
  readonly pod: string;
  readonly mode: 'gateway' | 'sidecar';
  /** Empty: not known. */
  readonly zone: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Empty when ready, else the reason in one line. */
  readonly notReady: string;
  /** Open client connections. */
  readonly connections: number;
}

export interface SnapshotView {
  readonly epoch: number;
  readonly sequence: number;
  readonly digest: string;
  readonly since: string;
}

export interface RejectedView {
  readonly policy: string;
  readonly port: number;
  readonly reason: string;
}

/** Independent of the filter. */
export interface TotalsView {
  readonly routes: number;
  readonly endpoints: number;
  /** Endpoints that pass their checks and are not ejected. */
  readonly healthy: number;
  readonly requestsPerSecond: number;
  /** Of the last minute; null without requests. */
  readonly errorRatio: number | null;
}

/** A policy on its listener. Null: not known, for example without requests. */
export interface RouteView {
  readonly port: number;
  readonly policy: string;
  readonly generation: number;
  /** Empty: every host. */
  readonly hostnames: readonly string[];
  readonly hostnamesLeftOut: number;
  /** In words; empty: everything matches. Values of headers whose names suggest credentials are `***`. */
  readonly matches: readonly string[];
  readonly matchesLeftOut: number;
  /** Destinations of requests. */
  readonly destinations: readonly DestinationView[];
  readonly destinationsLeftOut: number;
  /** In words; empty: no redirect. */
  readonly redirect: string;
  /** In words; empty: no fallback. */
  readonly fallback: string;
  readonly requestsPerSecond: number | null;
  /** One value for every 5 s of the last 5 minutes, oldest first. */
  readonly history: readonly number[];
  /** Of the last minute. */
  readonly requests: number | null;
  /** Share of responses of 500 and above in the last minute. */
  readonly errorRatio: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Requests waiting in the queue. */
  readonly pending: number;
}

export interface DestinationView {
  /** `namespace/service:port`. */
  readonly backend: string;
  readonly weight: number;
  readonly healthy: number;
  readonly endpoints: number;
  /** Why it gets no requests; empty: some endpoint takes them. */
  readonly reason: string;
}

/** The endpoints of a Service, as one policy uses them. */
export interface BackendView {
  readonly policy: string;
  /** `namespace/service:port`. */
  readonly backend: string;
  readonly strategy: string;
  /** Panic mode: so few endpoints are healthy that all are used. */
  readonly panic: boolean;
  readonly healthy: number;
  readonly endpointCount: number;
  /** Why none of its endpoints takes requests; empty: some does. */
  readonly reason: string;
  /** The matching rows, as far as there is room; unhealthy endpoints go first. */
  readonly endpoints: readonly EndpointRow[];
}

/** HAProxy's names; a weight of 0 is DRAIN. NEW: it has not passed its first check. FULL: it is at its request limit. */
export type EndpointStatus = 'UP' | 'DOWN' | 'EJECTED' | 'DRAIN' | 'NEW' | 'FULL';

export interface EndpointRow {
  /** Name and port of the Pod, else address and port. */
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly status: EndpointStatus;
  /** The reason of the status; empty: none. */
  readonly reason: string;
  /** Since when it has been healthy, or unhealthy. */
  readonly since: string;
  /** When the ejection time is over and a probation request is due; null: not ejected. */
  readonly ejectedUntil: string | null;
  /** Effective weight, which is below the full one during slow start. */
  readonly weight: number;
  readonly fullWeight: number;
  /** Requests in progress. */
  readonly active: number;
  /** Attempts of the last minute, its share in those of its backend, and the share that failed. */
  readonly attempts: number | null;
  readonly share: number | null;
  readonly errorRatio: number | null;
  /** Mean time until the response head. */
  readonly meanMs: number | null;
}
