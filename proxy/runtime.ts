/** The data plane as the control API sees it: takes snapshots in force, as a difference and in one step. */
import { BackgroundWork } from './endpoints/background-work.ts';
import { MaglevTables } from './balance/maglev-tables.ts';
import type { DataPlane, ResolvedSnapshot } from './control/data-plane.ts';
import { createTrust } from './downstream/client-address.ts';
import type { Trust } from './downstream/client-address.ts';
import type { Listener } from './downstream/listener.ts';
import { EndpointSet } from './endpoints/endpoint-set.ts';
import type { EndpointState } from './endpoints/endpoint-state.ts';
import type { EndpointSetDeps } from './endpoints/endpoint-set.ts';
import { RouteState } from './request/route-state.ts';
import { loadRegexEngine } from './route/regex-engine.ts';
import type { CompileRegex } from './route/match.ts';
import { createRouteTable } from './route/route-table.ts';
import { countExpressions } from './snapshot/validate.ts';
import type { RouteTable } from './route/route-table.ts';
import type { RequestMetrics } from './metrics/request-metrics.ts';
import type { Listener as ListenerSpec, Rejected, Route, UnhealthyEndpoint } from './snapshot/types.ts';

/** A listener and what it serves at this moment. */
export interface ServedListener {
  readonly listener: Listener;
  /** Which peers are believed about their clients; undefined: none. */
  trust: Trust | undefined;
  /** What it was made of. */
  clientAddress: string | undefined;
  table: RouteTable<RouteState>;
  routes: ReadonlyMap<string, RouteState>;
  drainTimeout: number;
}

export interface RuntimeDeps extends Omit<EndpointSetDeps, 'metrics' | 'joined' | 'left' | 'tables' | 'background'> {
  readonly requestMetrics: RequestMetrics;
  /** A listener that asks for what it serves whenever a request comes; not open yet. */
  readonly makeListener: (port: number, served: () => ServedListener) => Listener;
  /** The endpoint has left its pool. */
  readonly retire: (e: EndpointState) => void;
  /** The endpoint is in its pool, perhaps again. */
  readonly restore: (e: EndpointState) => void;
}

const NO_ROUTES = createRouteTable<RouteState>([]);
const MIN_DRAIN_MS = 1_000;
const RETRY_MS = 2_000;

export class Runtime implements DataPlane {
  readonly endpointSets = new Map<string, EndpointSet>();
  readonly listeners = new Map<number, ServedListener>();
  /** Of this proxy; empty: not known. */
  zone = '';
  #deps: RuntimeDeps;
  #tables = new MaglevTables();
  #background: BackgroundWork;
  #wanted: readonly ListenerSpec[] = [];
  /** Ports that could not be bound, and why. */
  #failures = new Map<number, string>();
  /** Absent until a route has a regular expression. */
  #compile: CompileRegex | undefined;
  /** Routes that can not be served, by port. */
  #invalid = new Map<number, Rejected[]>();
  #retry: NodeJS.Timeout | undefined;
  #opening: Promise<void> = Promise.resolve();
  #draining = new Set<Promise<void>>();

  constructor(deps: RuntimeDeps) {
    this.#deps = deps;
    this.#background = new BackgroundWork(deps.now);
  }

  async apply(snapshot: ResolvedSnapshot, zone = ''): Promise<void> {
    clearTimeout(this.#retry);
    await this.#opening;
    this.#wanted = snapshot.listeners;
    // What can fail comes first, and waits; everything after it happens in one step.
    if (snapshot.listeners.some(hasRegexes)) this.#compile = await loadRegexEngine();
    await (this.#opening = this.#openMissing());
    this.zone = zone;
    this.#updateEndpointSets(snapshot);
    for (const spec of snapshot.listeners) this.#updateRoutes(spec);
    this.#closeEndpointSets(snapshot);
    // There may be room now for those who wait.
    for (const { routes } of this.listeners.values()) for (const { circuitBreaker: gate } of routes.values()) gate.admitNext();
    this.#closeListeners(snapshot.listeners);
    this.#retryLater();
  }

  rejected(): readonly Rejected[] {
    return this.#wanted.flatMap((spec) => {
      const failure = this.#failures.get(spec.port);
      if (failure === undefined) return this.#invalid.get(spec.port) ?? [];
      const policies = new Set(spec.routes.map((route) => route.policy));
      return [...policies].map((policy) => ({ policy, listener: spec.port, reason: failure }));
    });
  }

  unhealthy(): readonly UnhealthyEndpoint[] {
    const now = this.#deps.now();
    return [...this.endpointSets.values()].flatMap((pool) => pool.health.unhealthy(now));
  }

  /** Ends every listener and waits for what is in progress, at most `timeout` ms. */
  async drain(timeout: number): Promise<void> {
    clearTimeout(this.#retry);
    this.#failures.clear();
    await Promise.all([...[...this.listeners.values()].map((s) => s.listener.drain(timeout)), ...this.#draining]);
    for (const pool of this.endpointSets.values()) pool.close();
  }

  /** Binds what is not bound. */
  async #openMissing(): Promise<void> {
    this.#failures.clear();
    await Promise.all(
      this.#wanted.map(async ({ port }) => {
        if (this.listeners.has(port)) return;
        const served: ServedListener = {
          listener: this.#deps.makeListener(port, () => served),
          trust: undefined,
          clientAddress: undefined,
          table: NO_ROUTES,
          routes: new Map(),
          drainTimeout: 0,
        };
        try {
          await served.listener.open();
          this.listeners.set(port, served);
        } catch (error) {
          this.#failures.set(port, bindFailure(port, error as NodeJS.ErrnoException));
        }
      }),
    );
  }

  /** A port that is taken may come free: nobody sends this snapshot again for that. */
  #retryLater(): void {
    if (this.#failures.size === 0) return;
    this.#retry = setTimeout(() => {
      const before = this.#wanted;
      this.#opening = this.#openMissing();
      void this.#opening.then(() => {
        // A newer snapshot may have come meanwhile, and has seen to everything.
        if (this.#wanted !== before) return;
        for (const spec of before) this.#updateRoutes(spec);
        this.#retryLater();
      });
    }, RETRY_MS).unref();
  }

  #updateEndpointSets(snapshot: ResolvedSnapshot): void {
    for (const { id, digest, part } of snapshot.pools) {
      let pool = this.endpointSets.get(id);
      if (!pool) {
        const { prober, random, now, log, requestMetrics, retire, restore } = this.#deps;
        pool = new EndpointSet(id, part, {
          ...{ prober, random, now, log },
          metrics: requestMetrics.endpointSet(id),
          joined: restore,
          left: retire,
          tables: this.#tables,
          background: this.#background,
        });
        this.endpointSets.set(id, pool);
      }
      pool.update(part, digest, this.zone);
    }
  }

  #updateRoutes(spec: ListenerSpec): void {
    const served = this.listeners.get(spec.port);
    if (!served) return;
    const next = new Map<string, RouteState>();
    const before = new Map([...served.routes.values()].map((state) => [state.route.policy, state]));
    for (const route of spec.routes) {
      // A route that did not change keeps its turn among its backends.
      const key = JSON.stringify(route);
      const make = () =>
        new RouteState(route, this.endpointSets, this.#deps.requestMetrics.route(route.policy), before.get(route.policy));
      next.set(key, served.routes.get(key) ?? make());
    }
    for (const [key, state] of served.routes) if (next.get(key) !== state) state.metrics.release();
    served.routes = next;
    updateTrust(served, spec);
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
    for (const [id, pool] of this.endpointSets) {
      if (wanted.has(id)) continue;
      pool.close();
      this.endpointSets.delete(id);
    }
  }

  #closeListeners(wanted: readonly ListenerSpec[]): void {
    const ports = new Set(wanted.map((spec) => spec.port));
    for (const [port, served] of this.listeners) {
      if (ports.has(port)) continue;
      this.listeners.delete(port);
      served.table = NO_ROUTES;
      for (const state of served.routes.values()) state.metrics.release();
      const drained = served.listener.drain(served.drainTimeout).finally(() => this.#draining.delete(drained));
      this.#draining.add(drained);
    }
  }
}

/** Ranges take a while to read in (0.4 ms for 64 of them), so they stay while they are the same. */
function updateTrust(served: ServedListener, { clientAddress }: ListenerSpec): void {
  const text = JSON.stringify(clientAddress);
  if (text === served.clientAddress) return;
  served.clientAddress = text;
  served.trust = createTrust(clientAddress);
}

function hasRegexes({ routes }: ListenerSpec): boolean {
  return routes.some(({ matches }) => countExpressions(matches) > 0);
}

function bindFailure(port: number, error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return `port ${port} is in use on this proxy by another process`;
  if (error.code === 'EACCES') return `port ${port} may not be bound by this proxy`;
  return `port ${port} could not be bound: ${error.code ?? error.message}`;
}
