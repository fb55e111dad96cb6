/** A route of the snapshot with what it needs at run time: its pools, its turn among them, its series. */
import { WeightedRoundRobin } from '../balance/weighted-round-robin.ts';
import type { Balancer } from '../balance/balancer.ts';
import { hash64, rehash } from '../balance/hash.ts';
import type { Hash } from '../balance/hash.ts';
import type { AttemptSpec, ConnectionQuota } from '../message/attempt.ts';
import type { RouteMetrics } from '../metrics/request-metrics.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import type { CircuitBreakerLimits } from '../resilience/circuit-breaker.ts';
import { RetryBudget } from '../resilience/retry-budget.ts';
import { compileFilters } from '../route/filters.ts';
import type { Filters } from '../route/filters.ts';
import { Sessions } from './sessions.ts';
import type { CircuitBreakerSettings, HashOn, RetryBudget as Settings, Route } from '../snapshot/types.ts';

const NOTHING_TRIED: readonly number[] = [];

export class RouteState {
  readonly route: Route;
  readonly metrics: RouteMetrics;
  /** Attempts without a deadline of their own all go by this one. */
  readonly spec: AttemptSpec;
  /** Undefined where the route changes nothing of requests and responses. */
  readonly filters: Filters | undefined;
  /** Undefined where clients are not kept at their endpoints. */
  readonly sessions: Sessions | undefined;
  /** Undefined: retries cost nothing. */
  readonly budget: RetryBudget | undefined;
  readonly circuitBreaker: CircuitBreaker;
  readonly quota: ConnectionQuota;
  /** Takes what no other pool can. */
  readonly fallbackPool: EndpointSet | undefined;
  #pools: readonly { readonly pool: EndpointSet; readonly weight: number }[];
  /** Smooth rotation over several destinations; undefined where there is nothing to choose. */
  #split: Balancer | undefined;
  /** Policies split keys apart from each other. */
  #seed: number;

  /** @param before what the policy's route was until now: what counts requests goes on counting. */
  constructor(route: Route, pools: ReadonlyMap<string, EndpointSet>, metrics: RouteMetrics, before?: RouteState) {
    this.route = route;
    this.metrics = metrics;
    this.filters = compileFilters(route);
    this.budget = budgetOf(route.retry.budget, before);
    this.circuitBreaker = before?.circuitBreaker ?? new CircuitBreaker();
    this.circuitBreaker.configure(limitsOf(route.circuitBreaker));
    this.quota = before?.quota ?? { max: Infinity, open: 0 };
    this.quota.max = route.circuitBreaker?.maxConnections ?? Infinity;
    this.fallbackPool = route.fallback?.type === 'Backend' ? pools.get(route.fallback.pool) : undefined;
    this.#seed = hash64(route.policy).low;
    this.spec = { timeouts: route.timeouts, perTryTimeout: route.retry.perTryTimeout, deadline: Infinity };
    this.#pools = route.destinations.flatMap(({ pool: id, weight }) => {
      const pool = pools.get(id);
      return pool && weight > 0 ? [{ pool, weight }] : [];
    });
    const { sessionPersistence } = route;
    const own = this.#pools.map(({ pool }) => pool);
    for (const pool of this.fallbackPool ? [...own, this.fallbackPool] : own) pool.quota = this.quota;
    this.sessions = sessionPersistence && new Sessions(sessionPersistence, own, route.timeouts.drain);
    if (this.#pools.length < 2) return;
    this.#split = new WeightedRoundRobin();
    this.#split.update(
      this.#pools.map(({ pool, weight }) => ({ id: pool.id, weight })),
      0,
    );
  }

  /** What of a request its key is made of; undefined: nobody wants one. The pools of a policy share their strategy. */
  get hashOn(): HashOn | undefined {
    return this.#pools[0]?.pool.hashOn;
  }

  /** The pool that a key belongs to, else the one whose turn it is; undefined where every weight is 0. */
  split(now: number, random: () => number, hash?: Hash): EndpointSet | undefined {
    if (hash !== undefined && this.#split) return this.#byKey(hash);
    const i = this.#split ? this.#split.pick({ tried: NOTHING_TRIED, now, random }) : 0;
    return this.#pools[i]?.pool;
  }

  /** By another hash than places within the pools are chosen by. */
  #byKey(hash: Hash): EndpointSet | undefined {
    let left = (rehash(hash, this.#seed) / 2 ** 32) * this.#pools.reduce((sum, { weight }) => sum + weight, 0);
    return (this.#pools.find(({ weight }) => (left -= weight) < 0) ?? this.#pools.at(-1))?.pool;
  }

  /** Whether a backend of its own would do, but is busy. */
  get busy(): boolean {
    return this.#pools.some(({ pool }) => pool.hasSaturated);
  }

  /** The other pools, for when nothing in the one chosen can be used; the fallback last. */
  others(chosen: EndpointSet): EndpointSet[] {
    const all = this.#pools.map(({ pool }) => pool);
    if (this.fallbackPool) all.push(this.fallbackPool);
    return all.filter((pool) => pool !== chosen);
  }
}

const NO_LIMITS: CircuitBreakerLimits = { maxRequests: Infinity, maxPending: 0 };

/** Over HTTP/1.1 a request in progress has a connection to itself. */
function limitsOf(breaker: CircuitBreakerSettings | undefined): CircuitBreakerLimits {
  if (!breaker) return NO_LIMITS;
  const { maxParallelRequests, maxPendingRequests: waiting, maxConnections = Infinity } = breaker;
  return { maxRequests: Math.min(maxParallelRequests, maxConnections), maxPending: waiting };
}

function budgetOf(settings: Settings | undefined, before: RouteState | undefined): RetryBudget | undefined {
  if (settings === undefined) return undefined;
  const budget = before?.budget ?? new RetryBudget();
  budget.configure(settings);
  return budget;
}
