import type { LoadBalancer, LoadBalancerType } from '../snapshot/types.ts';
import type { Balancer } from './balancer.ts';
import { LeastConnections } from './least-connections.ts';
import { LeastRequest } from './least-request.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

const FACTORIES: Readonly<Record<LoadBalancerType, (seed: number) => Balancer>> = {
  RoundRobin: (seed) => new RoundRobin(seed),
  WeightedRoundRobin: () => new WeightedRoundRobin(),
  LeastConnections: (seed) => new LeastConnections(seed),
  LeastRequest: () => new LeastRequest(),
  Random: () => new Random(),
};

/** Every strategy there is. */
export const STRATEGIES = Object.keys(FACTORIES) as readonly LoadBalancerType[];

/** A balancer without endpoints. `seed`: an integer that differs between proxies, so that they do not move in step. */
export function createBalancer(lb: LoadBalancer, seed: number): Balancer {
  return FACTORIES[lb.type](seed);
}
