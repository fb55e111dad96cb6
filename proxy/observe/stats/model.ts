/**
 * Builds a view of bounded size of the proxy's state. A generator that yields regularly: a proxy may have half a million endpoints,
 * and requests must not wait for the stats page.
 */
import type { EndpointSet } from '../../endpoints/endpoint-set.ts';
import type { EndpointState } from '../../endpoints/endpoint-state.ts';
import type { RouteState } from '../../request/route-state.ts';
import type { Rejected } from '../../snapshot/types.ts';
import { ROUTE_SLOT } from '../../metrics/route-metrics.ts';
import { BackendHealth } from './backend-health.ts';
import { endpointView, namesOf, ratio, round, statusOf } from './endpoint-view.ts';
import type { ClockReading } from './endpoint-view.ts';
import { routeTexts, routeView } from './route-view.ts';
import type { Sampler, Serving } from './sampler.ts';
import { missing, printable } from './text.ts';
import type { Filter } from './text.ts';
import { VIEW_VERSION } from './view.ts';
import type { BackendView, RejectedView, RouteView, SnapshotView, StatsView, TotalsView } from './view.ts';

/** Most rows of one view. */
const MAX_ROUTES = 100;
const MAX_ENDPOINTS = 300;
/** Most backends without endpoints; they have no rows but must be visible. */
const MAX_EMPTY = 50;
const MAX_REJECTED = 20;
/** Endpoints and routes between two yields: tens of microseconds. */
const STEP = 100;

export interface ProxyFacts {
  readonly pod: string;
  readonly mode: 'gateway' | 'sidecar';
  readonly version: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
}

/** The state of the proxy. */
export interface Source extends Serving {
  readonly facts: ProxyFacts;
  readonly zone: string;
  readonly notReady: string;
  readonly connections: number;
  readonly snapshot:
    { readonly epoch: number; readonly sequence: number; readonly digest: string; readonly since: number } | undefined;
  readonly rejected: readonly Rejected[];
}

/** Of a pool that the snapshot does not have. */
const NOTHING = new BackendHealth();

type Steps<T> = Generator<void, T>;

/** Endpoints that match a filter: counts, and the rows to show. */
interface SearchResult {
  readonly health: Map<string, BackendHealth>;
  readonly unhealthy: [EndpointSet, EndpointState][];
  readonly healthy: [EndpointSet, EndpointState][];
  readonly empty: EndpointSet[];
  /** Ids of endpoint sets with a matching endpoint: their routes match, too. */
  readonly matched: Set<string>;
  matching: number;
}

export function* makeView(source: Source, sampler: Sampler, filter: Filter, at: ClockReading): Steps<StatsView> {
  const found = yield* findEndpoints(source, filter);
  const chosen = choose(found);
  const backends: BackendView[] = [];
  for (const [pool, endpoints] of chosen) backends.push(yield* backendView(pool, endpoints, found, sampler, at));
  const routes = yield* routeViews(source, sampler, filter, found, at);
  const rows = backends.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  const { facts, snapshot } = source;
  const rejected = source.rejected.slice(0, MAX_REJECTED).map(({ policy, listener, reason }): RejectedView => ({
    policy: printable(policy),
    port: listener,
    reason: printable(reason, 400),
  }));
  return {
    version: VIEW_VERSION,
    at: new Date(at.wall).toISOString(),
    proxy: {
      pod: printable(facts.pod),
      mode: facts.mode,
      zone: printable(source.zone),
      version: facts.version,
      uptimeSeconds: Math.floor((at.now - facts.startedAt) / 1000),
      notReady: source.notReady,
      connections: source.connections,
    },
    snapshot: snapshot ? snapshotView(snapshot) : null,
    rejected,
    rejectedLeftOut: source.rejected.length - rejected.length,
    totals: yield* totals(source, sampler, found, at),
    filter: filter.text,
    routes: routes.shown,
    routesLeftOut: routes.matching - routes.shown.length,
    backends,
    endpointsLeftOut: found.matching - rows,
  };
}

function snapshotView({ epoch, sequence, digest, since }: NonNullable<Source['snapshot']>): SnapshotView {
  return { epoch, sequence, digest: printable(digest), since: new Date(since).toISOString() };
}

function* findEndpoints({ endpointSets }: Source, { words }: Filter): Steps<SearchResult> {
  const found: SearchResult = { health: new Map(), unhealthy: [], healthy: [], empty: [], matched: new Set(), matching: 0 };
  let seen = 0;
  for (const pool of endpointSets.values()) {
    const count = new BackendHealth();
    const checked = (e: EndpointState) => pool.health.failedCheck(e);
    found.health.set(pool.id, count);
    const left = missing(words, [pool.id, pool.strategy]);
    if (pool.endpoints.length === 0 && left.length === 0 && found.empty.length < MAX_EMPTY) found.empty.push(pool);
    for (const e of pool.endpoints) {
      if (++seen % STEP === 0) yield;
      count.count(e, checked);
      if (left.length > 0 && missing(left, [e.hashKey, e.address, e.zone, statusOf(e)]).length > 0) continue;
      found.matching++;
      found.matched.add(pool.id);
      const list = e.healthy ? found.healthy : found.unhealthy;
      if (list.length < MAX_ENDPOINTS) list.push([pool, e]);
    }
    yield;
  }
  return found;
}

/** The endpoint sets to show with the endpoints that have rows. If there are too many, unhealthy endpoints go first. */
function choose({ unhealthy, healthy, empty }: SearchResult): Map<EndpointSet, EndpointState[]> {
  const chosen = new Map<EndpointSet, EndpointState[]>(empty.map((pool) => [pool, []]));
  for (const [pool, e] of [...unhealthy, ...healthy].slice(0, MAX_ENDPOINTS)) {
    const rows = chosen.get(pool);
    if (rows) rows.push(e);
    else chosen.set(pool, [e]);
  }
  // The order must not depend on health.
  for (const rows of chosen.values()) rows.sort((a, b) => a.index - b.index);
  return new Map([...chosen].sort(([a], [b]) => (a.id < b.id ? -1 : 1)));
}

function* backendView(
  pool: EndpointSet,
  rows: readonly EndpointState[],
  found: SearchResult,
  sampler: Sampler,
  at: ClockReading,
): Steps<BackendView> {
  let tries = 0;
  for (const [i, e] of pool.endpoints.entries()) {
    if (i % STEP === STEP - 1) yield;
    tries += sampler.endpoint(e, at.now)?.attempts ?? 0;
  }
  const { healthy, endpoints, reason } = found.health.get(pool.id) ?? NOTHING;
  yield;
  return {
    ...namesOf(pool),
    strategy: pool.strategy,
    panic: pool.health.panic,
    healthy,
    endpointCount: endpoints,
    reason,
    endpoints: rows.map((e) => endpointView(e, sampler.endpoint(e, at.now), tries, at)),
  };
}

function* routeViews(source: Source, sampler: Sampler, { words }: Filter, found: SearchResult, at: ClockReading) {
  const shown: RouteView[] = [];
  let matching = 0;
  const health = (pool: string) => found.health.get(pool) ?? NOTHING;
  for (const [port, state] of routesOf(source)) {
    yield;
    const reached = state.route.destinations.some(({ pool }) => found.matched.has(pool));
    if (!reached && missing(words, routeTexts(port, state)).length > 0) continue;
    matching++;
    if (shown.length === MAX_ROUTES) continue;
    const { policy } = state.route;
    const pending = source.buffer.values[state.metrics.bases.route + ROUTE_SLOT.pending] ?? 0;
    shown.push(routeView(port, state, { lately: sampler.policy(state, at.now), spark: sampler.spark(policy), pending, health }));
  }
  return { shown, matching };
}

function* routesOf({ listeners }: Source): Generator<[port: number, state: RouteState]> {
  for (const port of [...listeners.keys()].sort((a, b) => a - b)) {
    for (const state of listeners.get(port)?.routes.values() ?? []) yield [port, state];
  }
}

function* totals(source: Source, sampler: Sampler, { health }: SearchResult, at: ClockReading): Steps<TotalsView> {
  const sums = { routes: 0, perSecond: 0, requests: 0, failed: 0 };
  for (const [, state] of routesOf(source)) {
    yield;
    sums.routes++;
    const lately = sampler.policy(state, at.now);
    if (!lately) continue;
    sums.perSecond += lately.perSecond;
    sums.requests += lately.requests;
    sums.failed += lately.failed;
  }
  const counts = [...health.values()];
  return {
    routes: sums.routes,
    endpoints: counts.reduce((sum, { endpoints }) => sum + endpoints, 0),
    healthy: counts.reduce((sum, { healthy }) => sum + healthy, 0),
    requestsPerSecond: round(sums.perSecond),
    errorRatio: ratio(sums.failed, sums.requests),
  };
}
