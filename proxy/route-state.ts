/** A route of the snapshot with what it needs at run time: its pools, its turn among them, its series. */
import { createBalancer } from './balance/index.ts';
import type { Balancer } from './balance/balancer.ts';
import type { AttemptSpec } from './exchange/seam.ts';
import type { RouteMetrics } from './observe/traffic.ts';
import type { Pool } from './pool.ts';
import { compileFilters } from './route/filters.ts';
import type { Filters } from './route/filters.ts';
import type { Route } from './snapshot/types.ts';

const NOTHING_TRIED: readonly number[] = [];

export class RouteState {
  readonly route: Route;
  readonly metrics: RouteMetrics;
  /** Attempts without a deadline of their own all go by this one. */
  readonly spec: AttemptSpec;
  /** Undefined where the route changes nothing of requests and responses. */
  readonly filters: Filters | undefined;
  #pools: readonly { readonly pool: Pool; readonly weight: number }[];
  /** Smooth rotation over several destinations; undefined where there is nothing to choose. */
  #split: Balancer | undefined;

  constructor(route: Route, pools: ReadonlyMap<string, Pool>, metrics: RouteMetrics) {
    this.route = route;
    this.metrics = metrics;
    this.filters = compileFilters(route);
    this.spec = { timeouts: route.timeouts, perTryTimeout: route.retry.perTryTimeout, deadline: Infinity };
    this.#pools = route.destinations.flatMap(({ pool: id, weight }) => {
      const pool = pools.get(id);
      return pool && weight > 0 ? [{ pool, weight }] : [];
    });
    if (this.#pools.length < 2) return;
    this.#split = createBalancer({ type: 'WeightedRoundRobin' }, 0);
    this.#split.update(
      this.#pools.map(({ pool, weight }) => ({ id: pool.id, weight })),
      0,
    );
  }

  /** The pool whose turn it is; undefined where every weight is 0. */
  split(now: number, random: () => number): Pool | undefined {
    const i = this.#split ? this.#split.pick({ tried: NOTHING_TRIED, now, random }) : 0;
    return this.#pools[i]?.pool;
  }

  /** The other pools, for when nothing in the one chosen can be used. */
  others(chosen: Pool): Pool[] {
    return this.#pools.flatMap(({ pool }) => (pool === chosen ? [] : [pool]));
  }
}
