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

/**
 * Listeners, ports ascending, with routes in the order of the policies; a policy that only monitors has none. What belongs to the
 * listener itself is the same in all policies on a port (conflicts.ts).
 */
export function makeListeners(policies: readonly ParsedPolicy[]): Listener[] {
  const byPort = new Map<number, Omit<Listener, 'routes'> & { readonly routes: Route[] }>();
  for (const policy of policies) {
    const { port, clientAddress } = policy;
    if (port === undefined) continue;
    const listener = byPort.get(port);
    if (listener) listener.routes.push(makeRoute(policy));
    else byPort.set(port, { port, protocol: 'HTTP', ...(clientAddress && { clientAddress }), routes: [makeRoute(policy)] });
  }
  return [...byPort.values()].sort((a, b) => a.port - b.port);
}
