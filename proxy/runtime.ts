/** Applies snapshots: computes the difference to the snapshot in force and changes endpoints, routes and listeners in one step. */
import { BackgroundWork } from './endpoints/background-work.ts';
import { MaglevTables } from './balance/maglev-tables.ts';
import type { DataPlane, ResolvedSnapshot } from './control/data-plane.ts';
import { createTrust } from './downstream/client-address.ts';
import { ListenerSet } from './listener-set.ts';
import type { MakeListener, ServedListener } from './listener-set.ts';
import { EndpointSet } from './endpoints/endpoint-set.ts';
import type { EndpointState } from './endpoints/endpoint-state.ts';
import type { EndpointSetDeps } from './endpoints/endpoint-set.ts';
import { Rejections } from './rejections.ts';
import type { ListenerLog } from './rejections.ts';
import { degradedPolicies } from './request/degraded.ts';
import { RouteState } from './request/route-state.ts';
import { loadRegexEngine } from './route/regex-engine.ts';
import type { CompileRegex } from './route/match.ts';
import { createRouteTable } from './route/route-table.ts';
import { UNKNOWN_LOCATION } from './snapshot/location.ts';
import { DEFAULT_PATH_NORMALIZATION } from './snapshot/path-normalization.ts';
import { countExpressions } from './snapshot/validate.ts';
import type { RouteTable } from './route/route-table.ts';
import type { RequestMetrics } from './metrics/request-metrics.ts';
import type { DegradedPolicy, Listener as ListenerSpec, Rejected, Route, UnhealthyEndpoint } from './snapshot/types.ts';

export interface RuntimeDeps extends Omit<EndpointSetDeps, 'metrics' | 'joined' | 'left' | 'tables' | 'background' | 'news'> {
  readonly requestMetrics: RequestMetrics;
  readonly makeListener: MakeListener;
  readonly listenerLog: ListenerLog;
  /** The endpoint has left its set. */
  readonly retire: (e: EndpointState) => void;
  /** The endpoint is in its set, perhaps again. */
  readonly restore: (e: EndpointState) => void;
}

/** Least drain timeout of a listener that is closed. */
const MIN_DRAIN_MS = 1_000;

export class Runtime implements DataPlane {
  readonly endpointSets = new Map<string, EndpointSet>();
  /** Of this proxy. */
  location = UNKNOWN_LOCATION;
  #deps: RuntimeDeps;
  #tables = new MaglevTables();
  #background: BackgroundWork;
  #listeners: ListenerSet;
  /** Undefined until a route has a regular expression. */
  #compile: CompileRegex | undefined;
  /** Routes that cannot be served, by port. */
  #invalid = new Map<number, Rejected[]>();
  #rejections: Rejections;
  #announce: () => void = () => undefined;

  constructor(deps: RuntimeDeps) {
    this.#deps = deps;
    this.#background = new BackgroundWork(deps.now);
    this.#listeners = new ListenerSet(deps.makeListener);
    this.#rejections = new Rejections(deps.listenerLog);
  }

  /** Listeners whose port is bound, by the port of the policy. */
  get listeners(): ReadonlyMap<number, ServedListener> {
    return this.#listeners.served;
  }

  async apply(snapshot: ResolvedSnapshot, location = UNKNOWN_LOCATION): Promise<void> {
    await this.#listeners.replace(snapshot.listeners);
    // What can fail or takes time comes first; everything after it happens in one step.
    if (snapshot.listeners.some(hasRegexes)) this.#compile = await loadRegexEngine();
    await this.#listeners.open();
    this.location = location;
    this.#updateEndpointSets(snapshot);
    for (const spec of snapshot.listeners) this.#updateRoutes(spec);
    this.#closeEndpointSets(snapshot);
    // Pending requests may have an endpoint now.
    for (const { routes } of this.listeners.values())
      for (const { circuitBreaker } of routes.values()) circuitBreaker.admitNext();
    this.#listeners.closeOthers();
    this.#reviewRejected();
    this.#listeners.retryLater(() => {
      for (const spec of this.#listeners.wanted) this.#updateRoutes(spec);
      this.#reviewRejected();
    });
  }

  #reviewRejected(): void {
    if (this.#rejections.review(this.rejected(), this.#listeners.wanted)) this.#announce();
  }

  rejected(): readonly Rejected[] {
    return this.#listeners.wanted.flatMap((spec) => {
      const failure = this.#listeners.failure(spec.port);
      if (failure === undefined) return this.#invalid.get(spec.port) ?? [];
      const policies = new Set(spec.routes.map((route) => route.policy));
      return [...policies].map((policy) => ({ policy, listener: spec.port, reason: failure }));
    });
  }

  unhealthy(): readonly UnhealthyEndpoint[] {
    const now = this.#deps.now();
    return [...this.endpointSets.values()].flatMap((endpoints) => endpoints.health.unhealthy(now));
  }

  degraded(): readonly DegradedPolicy[] {
    return degradedPolicies(this.#servedRoutes());
  }

  onNews(listener: () => void): void {
    this.#announce = listener;
  }

  /** All but those with regular expressions that do not compile: these are in `rejected`. */
  *#servedRoutes(): Generator<RouteState> {
    for (const [port, { routes }] of this.listeners) {
      const invalid = new Set(this.#invalid.get(port)?.map(({ policy }) => policy));
      for (const state of routes.values()) if (!invalid.has(state.route.policy)) yield state;
    }
  }

  /** Closes every listener and waits for requests in progress, at most `timeout` ms. */
  async drain(timeout: number): Promise<void> {
    await this.#listeners.drain(timeout);
    for (const endpoints of this.endpointSets.values()) endpoints.close();
  }

  #updateEndpointSets(snapshot: ResolvedSnapshot): void {
    for (const { id, digest, part } of snapshot.pools) {
      let endpoints = this.endpointSets.get(id);
      if (!endpoints) {
        const { prober, random, now, log, requestMetrics, retire, restore } = this.#deps;
        endpoints = new EndpointSet(id, part, {
          ...{ prober, random, now, log, news: () => this.#announce() },
          metrics: requestMetrics.endpointSet(id),
          joined: restore,
          left: retire,
          tables: this.#tables,
          background: this.#background,
        });
        this.endpointSets.set(id, endpoints);
      }
      endpoints.update(part, digest, this.location);
    }
  }

  #updateRoutes(spec: ListenerSpec): void {
    const served = this.listeners.get(spec.port);
    if (!served) return;
    const next = new Map<string, RouteState>();
    const before = new Map([...served.routes.values()].map((state) => [state.route.policy, state]));
    for (const route of spec.routes) {
      // A route that did not change keeps its position in the rotation over its backends.
      const key = JSON.stringify(route);
      const make = () =>
        new RouteState(route, this.endpointSets, this.#deps.requestMetrics.route(route.policy), before.get(route.policy));
      next.set(key, served.routes.get(key) ?? make());
    }
    for (const [key, state] of served.routes) if (next.get(key) !== state) state.metrics.release();
    served.routes = next;
    updateTrust(served, spec);
    served.pathNormalization = spec.pathNormalization ?? DEFAULT_PATH_NORMALIZATION;
    served.table = this.#tableOf(spec.port, [...next.values()]);
    served.drainTimeout = Math.max(MIN_DRAIN_MS, ...spec.routes.map((route) => route.timeouts.drain));
  }

  #tableOf(port: number, states: readonly RouteState[]): RouteTable<RouteState> {
    const entries = states.map((state) => ({ route: state.route, value: state }));
    this.#invalid.delete(port);
    if (!this.#compile) return createRouteTable(entries);
    const rejected: Rejected[] = [];
    const invalid = ({ policy }: Route, reason: string): void =>
      void rejected.push({ policy, listener: port, reason: `matches: ${reason}` });
    const table = createRouteTable(entries, { compile: this.#compile, invalid });
    this.#invalid.set(port, rejected);
    return table;
  }

  #closeEndpointSets(snapshot: ResolvedSnapshot): void {
    const wanted = new Set(snapshot.pools.map((pool) => pool.id));
    for (const [id, endpoints] of this.endpointSets) {
      if (wanted.has(id)) continue;
      endpoints.close();
      this.endpointSets.delete(id);
    }
  }
}

/** Parsing 64 ranges takes 0.4 ms, so they are parsed only when they change. */
function updateTrust(served: ServedListener, { clientAddress }: ListenerSpec): void {
  const text = JSON.stringify(clientAddress);
  if (text === served.clientAddress) return;
  served.clientAddress = text;
  served.trust = createTrust(clientAddress);
}

function hasRegexes({ routes }: ListenerSpec): boolean {
  return routes.some(({ matches }) => countExpressions(matches) > 0);
}
