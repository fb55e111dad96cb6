/** What a pool needs, and what it is told about tries. */
import type { Background } from './background-work.ts';
import type { Balancer, Handle } from '../balance/balancer.ts';
import type { MaglevTables } from '../balance/maglev-tables.ts';
import type { Prober } from '../health/prober.ts';
import type { EjectionReason } from '../health/outlier-state.ts';
import type { PoolMetrics } from '../metrics/request-metrics.ts';
import type { PoolEndpoint } from './endpoint-state.ts';

/** How a try on an endpoint ended, as far as balancing cares. */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** What about health is worth a line in the log. */
export interface HealthLog {
  ejected(pool: string, e: PoolEndpoint, reason: EjectionReason, evidence: string): void;
  /** An ejected endpoint is back. */
  returned(pool: string, e: PoolEndpoint, how: string): void;
  /** A pool begins or ceases to use its endpoints whatever their health. */
  panic(pool: string, on: boolean, healthy: number, of: number): void;
}

export interface PoolDeps {
  readonly prober: Prober;
  readonly random: () => number;
  readonly now: () => number;
  readonly metrics: PoolMetrics;
  /** The endpoint is in this pool now; it may have been there before. */
  readonly joined: (e: PoolEndpoint) => void;
  /** The endpoint has left this pool. */
  readonly left: (e: PoolEndpoint) => void;
  readonly log: HealthLog;
  readonly tables: MaglevTables;
  readonly background: Background;
}

/**
 * A try on an endpoint that is ejected, and that comes back when it answers: `due` when its time is over, one request at a time; `last`
 * before that, where everything else was tried.
 */
export type Trial = 'due' | 'last';

/** One try in progress. */
export interface Work {
  readonly endpoint: PoolEndpoint;
  /** The one it began on: an update may put another in its place before the work ends. */
  readonly balancer: Balancer;
  readonly handle: Handle;
  readonly trial: Trial | undefined;
}
