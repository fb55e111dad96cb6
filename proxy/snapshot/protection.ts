/** The wire contract, of what keeps backends from being asked too much, and clients from errors; part of types.ts. */

/** What retries after something was sent may cost; those before that are free. */
export interface RetryBudget {
  /** 0-100: of the first tries of the last 10 s. */
  readonly percent: number;
  /** ≥ 0: in addition, whatever the traffic. */
  readonly minPerSecond: number;
}

/** Of one policy on one proxy. */
export interface CircuitBreakerSettings {
  /** Requests at backends at once, ≥ 1. */
  readonly maxParallelRequests: number;
  /** Requests that wait for their turn, ≥ 0. */
  readonly maxPendingRequests: number;
  /** Open connections to backends, idle ones included, ≥ 1. Absent: no limit. */
  readonly maxConnections?: number;
}

export type Fallback =
  | { readonly type: 'Redirect'; readonly url: string; readonly statusCode: 301 | 302 | 303 | 307 | 308 }
  | { readonly type: 'Response'; readonly statusCode: number; readonly contentType: string; readonly body: string }
  /** A pool's id. */
  | { readonly type: 'Backend'; readonly pool: string };
