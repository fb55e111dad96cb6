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
}
