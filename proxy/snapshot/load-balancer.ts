/** The wire contract, load balancing: how an endpoint of a pool is chosen. Durations are in milliseconds. */

/** Every strategy that needs no more than its name. */
export const PLAIN_STRATEGIES = [
  'RoundRobin',
  'WeightedRoundRobin',
  'LeastConnections',
  'LeastRequest',
  'PeakEWMA',
  'Random',
] as const;
export type PlainStrategy = (typeof PLAIN_STRATEGIES)[number];

export type LoadBalancer =
  | {
      readonly type: PlainStrategy;
      /** Not with RoundRobin, which ignores weights. */
      readonly slowStart?: SlowStartSettings;
      readonly zoneAware?: ZoneAwareSettings;
    }
  | { readonly type: 'ConsistentHash'; readonly consistentHash: ConsistentHash };

/** The weight of an endpoint that joins, or becomes healthy again, rises to its full value within the window. */
export interface SlowStartSettings {
  /** ≥ 1. */
  readonly window: number;
  /** > 0; 1: linear; higher values rise earlier. */
  readonly aggression: number;
  /** 1-100: the minimum share of its weight. */
  readonly minWeightPercent: number;
}

/** Prefers the endpoints of the proxy's own zone. */
export interface ZoneAwareSettings {
  /** With fewer usable local endpoints the zone is not preferred; ≥ 1. */
  readonly minEndpoints: number;
}

export type ConsistentHash = HashTable & { readonly hashOn: HashOn; readonly affinity?: AffinitySettings };

export type HashTable =
  | {
      readonly algorithm: 'Maglev';
      /** Slots; a prime from 3 to 5,000,011. */
      readonly tableSize: number;
    }
  | { readonly algorithm: 'Rendezvous' };

/** The part of a request that is hashed. Header names are lower case. */
export type HashOn =
  | { readonly type: 'SourceIP' | 'Path' }
  | { readonly type: 'Header' | 'QueryParam'; readonly name: string }
  | {
      readonly type: 'Cookie';
      readonly name: string;
      /** Max-Age of a generated cookie; 0: session cookie. */
      readonly ttl: number;
    };

/** Remembers which endpoint a key went to. */
export interface AffinitySettings {
  /** ≥ 1. */
  readonly maxEntries: number;
  readonly idleTimeout: number;
  /** How long a draining endpoint keeps its keys. */
  readonly drain: number;
}

export const MIN_TABLE_SIZE = 3;
export const MAX_TABLE_SIZE = 5_000_011;
export const MAX_AFFINITY_ENTRIES = 1_000_000;
/** Limits of `aggression`: beyond them the rise is practically none, or immediate. */
export const MIN_AGGRESSION = 0.1;
export const MAX_AGGRESSION = 10;
