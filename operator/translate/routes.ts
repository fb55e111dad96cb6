import type { Listener, Route } from '../../proxy/snapshot/types.ts';
import type { Pool } from './pools.ts';
import type { ParsedPolicy } from './policy.ts';

/** A policy's route; a policy that only monitors has none. */
export function makeRoute(policy: ParsedPolicy, pools: readonly Pool[]): Route {
  return {
    policy: policy.key,
    generation: policy.generation,
    created: policy.created,
    hostnames: policy.hostnames,
    matches: policy.matches,
    destinations: pools.map(({ id, weight }) => ({ pool: id, weight })),
    retry: policy.retry,
    timeouts: policy.timeouts,
    accessLog: policy.accessLog,
  };
}

/** Routes by port, ports ascending; routes keep their order. */
export function makeListeners(routes: readonly { readonly port: number; readonly route: Route }[]): Listener[] {
  const byPort = new Map<number, Route[]>();
  for (const { port, route } of routes) byPort.set(port, [...(byPort.get(port) ?? []), route]);
  return [...byPort].sort(([a], [b]) => a - b).map(([port, list]) => ({ port, protocol: 'HTTP', routes: list }));
}
