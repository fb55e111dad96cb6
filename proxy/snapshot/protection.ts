/** The wire contract, protection: limits on load of backends, and fallbacks; part of types.ts. */

/** Limits retries after something was sent; retries before that are free. */
export interface RetryBudgetSettings {
  /** 0-100: percentage of the first attempts of the last 10 s. */
  readonly percent: number;
  /** ≥ 0: additional retries, whatever the traffic. */
  readonly minPerSecond: number;
}

/** Limits of one policy on one proxy. */
export interface CircuitBreakerSettings {
  /** Concurrent requests at backends, ≥ 1. */
  readonly maxParallelRequests: number;
  /** Queued requests, ≥ 0. */
  readonly maxPendingRequests: number;
  /** Open connections to backends, idle ones included, ≥ 1. Absent: no limit. */
  readonly maxConnections?: number;
}

export type Fallback =
  | { readonly type: 'Redirect'; readonly url: string; readonly statusCode: 301 | 302 | 303 | 307 | 308 }
  | { readonly type: 'Response'; readonly statusCode: number; readonly contentType: string; readonly body: string }
  /** A pool's id. */
  | { readonly type: 'Backend'; readonly pool: string };
