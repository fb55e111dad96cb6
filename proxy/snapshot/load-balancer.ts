/** The wire contract, of balancing: how a pool's endpoint is chosen. Durations are in milliseconds. */

export type PlainStrategy = 'RoundRobin' | 'WeightedRoundRobin' | 'LeastConnections' | 'LeastRequest' | 'PeakEWMA' | 'Random';

export type LoadBalancer =
  { readonly type: PlainStrategy } | { readonly type: 'ConsistentHash'; readonly consistentHash: ConsistentHash };

export type ConsistentHash = HashTable & { readonly hashOn: HashOn; readonly affinity?: Affinity };

export type HashTable =
  | {
      readonly algorithm: 'Maglev';
      /** Slots; a prime from 3 to 5,000,011. */
      readonly tableSize: number;
    }
  | { readonly algorithm: 'Rendezvous' };

/** What of a request is hashed. Header names are lower case. */
export type HashOn =
  | { readonly type: 'SourceIP' | 'Path' }
  | { readonly type: 'Header' | 'QueryParam'; readonly name: string }
  | {
      readonly type: 'Cookie';
      readonly name: string;
      /** Max-Age of a cookie that the proxy makes; 0: it goes with the browser's session. */
      readonly ttl: number;
    };

/** Remembers which endpoint a key went to. */
export interface Affinity {
  /** ≥ 1. */
  readonly maxEntries: number;
  readonly idleTimeout: number;
  /** How long an endpoint that drains keeps its keys. */
  readonly drain: number;
}

export const MIN_TABLE_SIZE = 3;
export const MAX_TABLE_SIZE = 5_000_011;
export const MAX_AFFINITY_ENTRIES = 1_000_000;
