/** What a policy does when its backends are too busy, or can not be used, in the wire's terms. */
import { DEFAULTS } from '../api/defaults.ts';
import type { PolicySpec } from '../api/policy.gen.ts';
import type { CircuitBreakerSettings, Fallback } from '../../proxy/snapshot/types.ts';

/** A policy without a listener asks nothing of its backends. */
export function readCircuitBreaker(given: PolicySpec['circuitBreaker']): CircuitBreakerSettings {
  const { maxConnections, maxParallelRequests, maxPendingRequests } = { ...DEFAULTS.circuitBreaker, ...given };
  return { maxConnections, maxParallelRequests, maxPendingRequests };
}

/** @param pool id of the pool of the Service that `backendRef` names. */
export function readFallback({ fallback }: PolicySpec, pool: string | undefined): Fallback | undefined {
  if (fallback?.redirect) return { type: 'Redirect', ...DEFAULTS.fallbackRedirect, ...fallback.redirect };
  if (fallback?.response) return { type: 'Response', ...DEFAULTS.fallbackResponse, ...fallback.response };
  return pool === undefined ? undefined : { type: 'Backend', pool };
}
