/** What a proxy reports to the operator: the bodies of 200 answers; part of types.ts. */
import type { Version } from './version.ts';

/** What only this proxy can not do, by name; everything else is applied. */
export interface Rejected {
  /** `namespace/name`. */
  readonly policy: string;
  /** Port of the listener. */
  readonly listener: number;
  /** A sentence for the policy's status. */
  readonly reason: string;
}

/** 200 of PUT /v1/snapshot. */
export interface PushAnswer {
  /** UID of the pod that answers: an answer from another pod is no acknowledgement. */
  readonly pod: string;
  readonly applied: Version & { readonly digest: string };
  readonly rejected: readonly Rejected[];
}

export interface UnhealthyEndpoint {
  readonly pool: string;
  /** Endpoint id. */
  readonly endpoint: string;
  /** `probe` (active check failing) or `ejected`. */
  readonly reason: 'probe' | 'ejected';
  /** The evidence in words: `HTTP 500`, `connection refused`. */
  readonly detail: string;
}

/** 200 of GET /v1/status. */
export interface StatusAnswer {
  readonly pod: string;
  /** Absent before the first snapshot. */
  readonly applied?: Version & { readonly digest: string };
  /** The highest version seen, which may be above what is applied. */
  readonly fence: Version;
  readonly rejected: readonly Rejected[];
  readonly trustedKeys: readonly string[];
  readonly unhealthy: readonly UnhealthyEndpoint[];
}
