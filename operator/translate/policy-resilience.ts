/** Timeouts, retries, circuit breaker and fallback of a policy, in the wire's terms. */
import { DEFAULTS } from '../api/defaults.ts';
import type { PolicySpec } from '../api/policy.gen.ts';
import type { CircuitBreakerSettings, Fallback, Retry, RetryCondition, Timeouts } from '../../proxy/snapshot/types.ts';
import type { FieldParser } from './field-parser.ts';

export function readTimeouts(given: PolicySpec['timeouts'], fields: FieldParser): Timeouts {
  const spec = { ...DEFAULTS.timeouts, ...given };
  return {
    connect: fields.duration('timeouts.connect', spec.connect),
    request: fields.duration('timeouts.request', spec.request),
    idle: fields.duration('timeouts.idle', spec.idle),
    tunnel: fields.duration('timeouts.tunnel', spec.tunnel),
    drain: fields.duration('timeouts.drain', spec.drain),
  };
}

export function readRetry(given: PolicySpec['retry'], fields: FieldParser): Retry {
  const spec = { ...DEFAULTS.retry, ...given };
  const backOff = { ...DEFAULTS.backOff, ...given?.backOff };
  return {
    attempts: spec.attempts,
    sameEndpoint: spec.sameEndpoint,
    perTryTimeout: fields.duration('retry.perTryTimeout', spec.perTryTimeout),
    retryOn: spec.retryOn.map((condition) => (/^\d{3}$/.test(condition) ? Number(condition) : (condition as RetryCondition))),
    backOff: {
      base: fields.duration('retry.backOff.base', backOff.base),
      max: fields.duration('retry.backOff.max', backOff.max),
    },
    nonIdempotent: spec.nonIdempotent,
    bufferLimit: fields.quantity('retry.bufferLimit', spec.bufferLimit),
    budget: { ...DEFAULTS.retryBudget, ...given?.budget },
  };
}

export function readCircuitBreaker(given: PolicySpec['circuitBreaker']): CircuitBreakerSettings {
  const { maxConnections, maxParallelRequests, maxPendingRequests } = { ...DEFAULTS.circuitBreaker, ...given };
  return { maxConnections, maxParallelRequests, maxPendingRequests };
}

/** @param pool id of the pool of the Service that `backendRef` names */
export function readFallback({ fallback }: PolicySpec, pool: string | undefined): Fallback | undefined {
  if (fallback?.redirect) return { type: 'Redirect', ...DEFAULTS.fallbackRedirect, ...fallback.redirect };
  if (fallback?.response) return { type: 'Response', ...DEFAULTS.fallbackResponse, ...fallback.response };
  return pool === undefined ? undefined : { type: 'Backend', pool };
}
