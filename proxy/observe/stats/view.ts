/** What `/stats.json` says, and the page shows. `version` changes with what a field means. */

export const VIEW_VERSION = 1;

export interface StatsView {
  readonly version: typeof VIEW_VERSION;
  /** ISO 8601, as every time here. */
  readonly at: string;
  readonly proxy: ProxyView;
  /** Null before the first. */
  readonly snapshot: SnapshotView | null;
  /** What this proxy can not do of its snapshot. */
  readonly rejected: readonly RejectedView[];
  readonly rejectedLeftOut: number;
  readonly totals: TotalsView;
  /** What the rows were chosen by; empty: all. */
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
  /** Empty where it is, else a line that says why not. */
  readonly notReady: string;
  /** Of clients, open. */
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

/** Whatever the filter. */
export interface TotalsView {
  readonly routes: number;
  readonly endpoints: number;
  /** Of them, those that pass their checks and are not ejected. */
  readonly healthy: number;
  readonly requestsPerSecond: number;
  /** Of the last minute; null without requests. */
  readonly errorRatio: number | null;
}

/** A policy on its listener. What is null is not known, or nothing happened to know it from. */
export interface RouteView {
  readonly port: number;
  readonly policy: string;
  readonly generation: number;
  /** Empty: every host. */
  readonly hostnames: readonly string[];
  readonly hostnamesLeftOut: number;
  /** In words; empty: everything. Without values of headers, which may be secrets. */
  readonly matches: readonly string[];
  readonly matchesLeftOut: number;
  /** Where requests go. */
  readonly destinations: readonly DestinationView[];
  readonly destinationsLeftOut: number;
  /** In words; empty: nothing is redirected. */
  readonly redirect: string;
  /** In words; empty: there is none. */
  readonly fallback: string;
  readonly requestsPerSecond: number | null;
  /** One for every 5 s of the last 5 minutes, the oldest first. */
  readonly history: readonly number[];
  /** Of the last minute. */
  readonly requests: number | null;
  /** Answers of 500 and above, of the last minute. */
  readonly errorRatio: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Requests that wait for their turn. */
  readonly pending: number;
}

export interface DestinationView {
  /** `namespace/service:port`. */
  readonly backend: string;
  readonly weight: number;
  readonly healthy: number;
  readonly endpoints: number;
}

/** The endpoints of a Service, as one policy uses them. */
export interface BackendView {
  readonly policy: string;
  /** `namespace/service:port`. */
  readonly backend: string;
  readonly strategy: string;
  /** So few endpoints are healthy that all are used. */
  readonly panic: boolean;
  readonly healthy: number;
  readonly endpointCount: number;
  /** Rows: those that match, as far as there is room; those that are not healthy go first. */
  readonly endpoints: readonly EndpointRow[];
}

/** As HAProxy has them; a weight of 0 is DRAIN. NEW: it has not passed its first check. FULL: it has as many requests as it may have. */
export type EndpointStatus = 'UP' | 'DOWN' | 'EJECTED' | 'DRAIN' | 'NEW' | 'FULL';

export interface EndpointRow {
  /** Name and port of the Pod, else address and port. */
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly status: EndpointStatus;
  /** Why; empty where there is nothing to say. */
  readonly reason: string;
  /** Since when it has been healthy, or not. */
  readonly since: string;
  /** When an ejection is over and a trial is due; null: it is not ejected. */
  readonly ejectedUntil: string | null;
  /** In effect, which slow start keeps below the full one. */
  readonly weight: number;
  readonly fullWeight: number;
  /** Requests in progress. */
  readonly active: number;
  /** Tries of the last minute, its share in those of its backend, and those that failed. */
  readonly attempts: number | null;
  readonly share: number | null;
  readonly errorRatio: number | null;
  /** Until the response head. */
  readonly meanMs: number | null;
}
