import type { Listener, Route } from '../../proxy/snapshot/types.ts';
import type { ParsedPolicy } from './policy.ts';

/** The route of a policy that listens. */
function makeRoute(policy: ParsedPolicy): Route {
  return {
    policy: policy.key,
    generation: policy.generation,
    created: policy.created,
    hostnames: policy.hostnames,
    matches: policy.matches,
    destinations: policy.backends.map(({ pool, weight }) => ({ pool, weight })),
    retry: policy.retry,
    timeouts: policy.timeouts,
    ...(policy.filters.requestRedirect === undefined && { circuitBreaker: policy.circuitBreaker }),
    ...(policy.fallback && { fallback: policy.fallback }),
    accessLog: policy.accessLog,
    ...policy.filters,
    ...(policy.sessionPersistence && { sessionPersistence: policy.sessionPersistence }),
  };
}

/** Routes by port, ports ascending, in the order of the policies; one that only monitors has none. */
export function makeListeners(policies: readonly ParsedPolicy[]): Listener[] {
  const byPort = new Map<number, Route[]>();
  for (const policy of policies) {
    if (policy.port === undefined) continue;
    const routes = byPort.get(policy.port);
    if (routes) routes.push(makeRoute(policy));
    else byPort.set(policy.port, [makeRoute(policy)]);
  }
  return [...byPort].sort(([a], [b]) => a - b).map(([port, routes]) => ({ port, protocol: 'HTTP', routes }));
}
