/** What a proxy reports to the operator: the bodies of 200 answers; part of types.ts. */
import type { Version } from './version.ts';

/** A policy that this proxy cannot serve; everything else is applied. */
export interface Rejected {
  /** `namespace/name`. */
  readonly policy: string;
  /** Port of the listener. */
  readonly listener: number;
  /** A sentence for the policy's status. */
  readonly reason: string;
}

/** Body of 200 for PUT /v1/snapshot. */
export interface PushAnswer {
  /** UID of the answering pod; an answer of another pod is not an acknowledgement. */
  readonly pod: string;
  readonly applied: Version & { readonly digest: string };
  readonly rejected: readonly Rejected[];
  /** The policies in force that are not served by healthy endpoints; absent from older proxies. */
  readonly degraded?: readonly DegradedPolicy[];
}

export interface UnhealthyEndpoint {
  readonly pool: string;
  /** Endpoint id. */
  readonly endpoint: string;
  /** `probe` (failing its active check, or refusing connections without being ejected) or `ejected`. */
  readonly reason: 'probe' | 'ejected';
  /** The evidence in words: `HTTP 404, expected 200-399`, `connection refused`. */
  readonly detail: string;
  /** What the active check does: `GET /healthz`; `requests`: they found it. Only with the reason `probe`; absent from older proxies. */
  readonly check?: string;
}

/**
 * How a policy that has a route is served while it is not served by healthy, checked endpoints:
 *
 * - `checking`: no endpoint is known to be healthy, because the active check has not yet had a result for one. Requests are sent to
 *   the endpoints all the same. Also of a fallback's endpoints, while no backend has one that can be used.
 * - `panic`: by endpoints whatever their health.
 * - `fallback`: by the policy's fallback.
 * - `unavailable`: by nothing; every request gets 503.
 */
export interface DegradedPolicy {
  /** `namespace/name`. */
  readonly policy: string;
  readonly state: 'checking' | 'panic' | 'fallback' | 'unavailable';
}

/** Body of 200 for GET /v1/status. */
export interface StatusAnswer {
  readonly pod: string;
  /** Absent before the first snapshot. */
  readonly applied?: Version & { readonly digest: string };
  /** The highest version seen; may be above `applied`. */
  readonly fence: Version;
  readonly rejected: readonly Rejected[];
  readonly trustedKeys: readonly string[];
  readonly unhealthy: readonly UnhealthyEndpoint[];
  /** See PushAnswer. */
  readonly degraded?: readonly DegradedPolicy[];
  /**
   * Changes whenever something else in this answer may have changed: `GET /v1/status?after=REVISION` waits for that. Opaque; no two
   * processes share one. Absent from older proxies, which cannot wait.
   */
  readonly revision?: string;
}
