import type { ConsistentHash, LoadBalancer, PlainStrategy } from '../snapshot/types.ts';
import { Affinity } from './affinity.ts';
import type { Balancer } from './balancer.ts';
import { LocalityAware } from './locality-aware.ts';
import type { LocalPreference } from './locality.ts';
import { LeastConnections } from './least-connections.ts';
import { LeastRequest } from './least-request.ts';
import type { MaglevTables } from './maglev-tables.ts';
import { Maglev } from './maglev.ts';
import { PeakEWMA } from './peak-ewma.ts';
import { Random } from './random.ts';
import { Rendezvous } from './rendezvous.ts';
import { RoundRobin } from './round-robin.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

const PLAIN: Readonly<Record<PlainStrategy, (seed: number) => Balancer>> = {
  RoundRobin: (seed) => new RoundRobin(seed),
  WeightedRoundRobin: () => new WeightedRoundRobin(),
  LeastConnections: (seed) => new LeastConnections(seed),
  LeastRequest: () => new LeastRequest(),
  PeakEWMA: () => new PeakEWMA(),
  Random: () => new Random(),
};

/**
 * A balancer without endpoints. `seed`: an integer that differs between proxies, so that they do not rotate in step. `tables`:
 * shared by the balancers of one proxy. `preference`: from `preferenceOf`.
 */
export function createBalancer(lb: LoadBalancer, seed: number, tables: MaglevTables, preference?: LocalPreference): Balancer {
  if (lb.type === 'ConsistentHash') return createHash(lb.consistentHash, tables);
  const make = () => PLAIN[lb.type](seed);
  return preference ? new LocalityAware({ preference, seed, make }) : make();
}

function createHash(o: ConsistentHash, tables: MaglevTables): Balancer {
  const hash = o.algorithm === 'Maglev' ? new Maglev(o.tableSize, tables) : new Rendezvous();
  return o.affinity ? new Affinity(hash, o.affinity) : hash;
}
