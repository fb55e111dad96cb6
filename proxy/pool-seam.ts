/** What a pool needs, and what it is told about tries. */
import type { Background } from './background.ts';
import type { Balancer, Handle } from './balance/balancer.ts';
import type { MaglevTables } from './balance/maglev-tables.ts';
import type { Prober } from './health/prober.ts';
import type { PoolMetrics } from './observe/traffic.ts';
import type { PoolEndpoint } from './pool-endpoint.ts';

/** How a try on an endpoint ended, as far as balancing and health care. */
export type Outcome = 'ok' | 'failed' | 'connect-failure' | 'unknown';

export interface PoolDeps {
  readonly prober: Prober;
  readonly random: () => number;
  readonly now: () => number;
  readonly metrics: PoolMetrics;
  /** The endpoint has left this pool. */
  readonly left: (e: PoolEndpoint) => void;
  readonly ejected: (pool: string, e: PoolEndpoint, evidence: string) => void;
  readonly tables: MaglevTables;
  readonly background: Background;
}

/** One try in progress. */
export interface Work {
  readonly endpoint: PoolEndpoint;
  /** The one it began on: an update may put another in its place before the work ends. */
  readonly balancer: Balancer;
  readonly handle: Handle;
}
