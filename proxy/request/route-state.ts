/** A route of the snapshot with its run-time state: endpoint sets, rotation among them, circuit breaker, retry budget, metrics. */
import { WeightedRoundRobin } from '../balance/weighted-round-robin.ts';
import type { Balancer } from '../balance/balancer.ts';
import { hash64, rehash } from '../balance/hash.ts';
import type { Hash } from '../balance/hash.ts';
import type { AttemptSpec, ConnectionQuota } from '../message/attempt.ts';
import type { RouteMetrics } from '../metrics/route-metrics.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import type { CircuitBreakerLimits } from '../resilience/circuit-breaker.ts';
import { RetryBudget } from '../resilience/retry-budget.ts';
import { compileFilters } from '../route/filters.ts';
import type { Filters } from '../route/filters.ts';
import { Sessions } from './sessions.ts';
import type {
  CircuitBreakerSettings,
  DegradedPolicy,
  HashOn,
  RetryBudgetSettings as Settings,
  Route,
} from '../snapshot/types.ts';

const NOTHING_TRIED: readonly number[] = [];

export class RouteState {
  readonly route: Route;
  readonly metrics: RouteMetrics;
  /** Shared by all attempts without a deadline of their own. */
  readonly spec: AttemptSpec;
  /** Undefined: the route changes neither requests nor responses. */
  readonly filters: Filters | undefined;
  /** Undefined: no session persistence. */
  readonly sessions: Sessions | undefined;
  /** Undefined: retries are not limited by a budget. */
  readonly budget: RetryBudget | undefined;
  readonly circuitBreaker: CircuitBreaker;
  readonly quota: ConnectionQuota;
  /** Serves requests that no other set can serve. */
  readonly fallbackSet: EndpointSet | undefined;
  #sets: readonly { readonly set: EndpointSet; readonly weight: number }[];
  /** Weighted rotation over several destinations; undefined: fewer than two. */
  #split: Balancer | undefined;
  /** Makes each policy split keys differently. */
  #seed: number;

  /** @param before the previous state of the policy's route: circuit breaker, retry budget and quota are kept. */
  constructor(route: Route, sets: ReadonlyMap<string, EndpointSet>, metrics: RouteMetrics, before?: RouteState) {
    this.route = route;
    this.metrics = metrics;
    this.filters = compileFilters(route);
    this.budget = budgetOf(route.retry.budget, before);
    this.circuitBreaker = before?.circuitBreaker ?? new CircuitBreaker();
    this.circuitBreaker.configure(limitsOf(route.circuitBreaker));
    this.quota = before?.quota ?? { max: Infinity, open: 0 };
    this.quota.max = route.circuitBreaker?.maxConnections ?? Infinity;
    this.fallbackSet = route.fallback?.type === 'Backend' ? sets.get(route.fallback.pool) : undefined;
    this.#seed = hash64(route.policy).low;
    this.spec = { timeouts: route.timeouts, perTryTimeout: route.retry.perTryTimeout, deadline: Infinity };
    this.#sets = route.destinations.flatMap(({ pool: id, weight }) => {
      const set = sets.get(id);
      return set && weight > 0 ? [{ set, weight }] : [];
    });
    const { sessionPersistence } = route;
    const own = this.#sets.map(({ set }) => set);
    for (const set of this.fallbackSet ? [...own, this.fallbackSet] : own) set.quota = this.quota;
    this.sessions = sessionPersistence && new Sessions(sessionPersistence, own, route.timeouts.drain);
    if (this.#sets.length < 2) return;
    this.#split = new WeightedRoundRobin();
    this.#split.update(
      this.#sets.map(({ set, weight }) => ({ id: set.id, weight })),
      0,
    );
  }

  /** The source of a request's hash key; undefined: the strategy uses none. All sets of a policy have the same strategy. */
  get hashOn(): HashOn | undefined {
    return this.#sets[0]?.set.hashOn;
  }

  /** The set of a key, or the next one in the rotation; undefined: every weight is 0. */
  nextSet(now: number, random: () => number, hash?: Hash): EndpointSet | undefined {
    if (hash !== undefined && this.#split) return this.#byKey(hash);
    const index = this.#split ? this.#split.pick({ tried: NOTHING_TRIED, now, random }) : 0;
    return this.#sets[index]?.set;
  }

  /** Uses another hash than the selection of endpoints within a set. */
  #byKey(hash: Hash): EndpointSet | undefined {
    let left = (rehash(hash, this.#seed) / 2 ** 32) * this.#sets.reduce((sum, { weight }) => sum + weight, 0);
    return (this.#sets.find(({ weight }) => (left -= weight) < 0) ?? this.#sets.at(-1))?.set;
  }

  /** Whether a backend of the route, not its fallback, is available but has as many requests as allowed. */
  get saturated(): boolean {
    return this.#sets.some(({ set }) => set.hasSaturated);
  }

  /**
   * How new requests are served while none of the backends has an endpoint that is known to be healthy, whatever the load; undefined: one
   * has, or the route redirects. As requests are: a backend without endpoints yields to the others, one of weight 0 is never used.
   */
  get degraded(): DegradedPolicy['state'] | undefined {
    if (this.route.requestRedirect) return undefined;
    const found = new Set(this.#sets.map(({ set }) => set.health.readiness));
    if (found.has('healthy')) return undefined;
    if (found.has('checking')) return 'checking';
    if (found.has('panic')) return 'panic';
    return this.#withoutBackends;
  }

  /** How requests are served that no backend can serve. */
  get #withoutBackends(): 'checking' | 'fallback' | 'unavailable' {
    const { fallback } = this.route;
    if (fallback?.type !== 'Backend') return fallback === undefined ? 'unavailable' : 'fallback';
    const readiness = this.fallbackSet?.health.readiness ?? 'none';
    if (readiness === 'checking') return 'checking';
    return readiness === 'none' ? 'unavailable' : 'fallback';
  }

  /** The other sets, the fallback last: for when no endpoint of the selected one can be used. */
  otherSets(chosen: EndpointSet): EndpointSet[] {
    const all = this.#sets.map(({ set }) => set);
    if (this.fallbackSet) all.push(this.fallbackSet);
    return all.filter((set) => set !== chosen);
  }
}

const NO_LIMITS: CircuitBreakerLimits = { maxRequests: Infinity, maxPending: 0 };

/** Over HTTP/1.1 each request in progress has a connection of its own. */
function limitsOf(breaker: CircuitBreakerSettings | undefined): CircuitBreakerLimits {
  if (!breaker) return NO_LIMITS;
  const { maxParallelRequests, maxPendingRequests: maxPending, maxConnections = Infinity } = breaker;
  return { maxRequests: Math.min(maxParallelRequests, maxConnections), maxPending };
}

function budgetOf(settings: Settings | undefined, before: RouteState | undefined): RetryBudget | undefined {
  if (settings === undefined) return undefined;
  const budget = before?.budget ?? new RetryBudget();
  budget.configure(settings);
  return budget;
}
