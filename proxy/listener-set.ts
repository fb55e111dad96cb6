/** The listeners of the snapshot in force: binds their ports, retries ports that are in use, drains listeners that are gone. */
import type { Trust } from './downstream/client-address.ts';
import type { Listener } from './downstream/listener.ts';
import type { RouteState } from './request/route-state.ts';
import { createRouteTable } from './route/route-table.ts';
import type { RouteTable } from './route/route-table.ts';
import { describePort } from './snapshot/ports.ts';
import { DEFAULT_PATH_NORMALIZATION } from './snapshot/path-normalization.ts';
import type { Listener as ListenerSpec, PathNormalization } from './snapshot/types.ts';

/** A listener and what it serves at this moment. */
export interface ServedListener {
  readonly listener: Listener;
  /** Which peers' X-Forwarded-For entries are believed; undefined: none. */
  trust: Trust | undefined;
  pathNormalization: PathNormalization;
  /** The settings that `trust` was made from, as JSON. */
  clientAddress: string | undefined;
  table: RouteTable<RouteState>;
  routes: ReadonlyMap<string, RouteState>;
  /** Milliseconds. */
  drainTimeout: number;
}

/** Makes a listener that is not open yet; it calls `served` for every request. */
export type MakeListener = (port: number, served: () => ServedListener) => Listener;

const NO_ROUTES = createRouteTable<RouteState>([]);
/** Between attempts to bind a port that is in use. */
const RETRY_MS = 2_000;

export class ListenerSet {
  readonly served = new Map<number, ServedListener>();
  readonly #make: MakeListener;
  #wanted: readonly ListenerSpec[] = [];
  /** Why a port could not be bound, by port. */
  #failures = new Map<number, string>();
  #retry: NodeJS.Timeout | undefined;
  #opening: Promise<void> = Promise.resolve();
  #draining = new Set<Promise<void>>();

  constructor(make: MakeListener) {
    this.#make = make;
  }

  /** The listeners of the snapshot, bound or not. */
  get wanted(): readonly ListenerSpec[] {
    return this.#wanted;
  }

  /** Why the port could not be bound; undefined where it is bound. */
  failure(port: number): string | undefined {
    return this.served.has(port) ? undefined : this.#failures.get(port);
  }

  /** Replaces the wanted listeners, once a retry in progress is over. Binds nothing yet. */
  async replace(wanted: readonly ListenerSpec[]): Promise<void> {
    clearTimeout(this.#retry);
    await this.#opening;
    clearTimeout(this.#retry);
    this.#wanted = wanted;
  }

  /** Binds the wanted ports that are not bound. Failures are in `failure`. */
  open(): Promise<void> {
    return (this.#opening = this.#openMissing());
  }

  async #openMissing(): Promise<void> {
    // Until the last port is bound, or is not, the failures of the last try are still reported.
    const failures = new Map<number, string>();
    await Promise.all(
      this.#wanted.map(async ({ port }) => {
        if (this.served.has(port)) return;
        const served: ServedListener = {
          listener: this.#make(port, () => served),
          trust: undefined,
          pathNormalization: DEFAULT_PATH_NORMALIZATION,
          clientAddress: undefined,
          table: NO_ROUTES,
          routes: new Map(),
          drainTimeout: 0,
        };
        try {
          await served.listener.open();
          this.served.set(port, served);
        } catch (error) {
          failures.set(port, bindFailure(port, error as NodeJS.ErrnoException));
        }
      }),
    );
    this.#failures = failures;
  }

  /**
   * Binds failed ports later, since a port in use may become free and nothing else would try again.
   * @param opened called after each retry
   */
  retryLater(opened: () => void): void {
    if (this.#failures.size === 0) return;
    this.#retry = setTimeout(() => {
      const before = this.#wanted;
      void this.open().then(() => {
        // A newer snapshot may have been applied meanwhile, and has opened and retries on its own.
        if (this.#wanted !== before) return;
        opened();
        this.retryLater(opened);
      });
    }, RETRY_MS).unref();
  }

  /** Drains and forgets every listener that is not wanted. */
  closeOthers(): void {
    const ports = new Set(this.#wanted.map((spec) => spec.port));
    for (const [port, served] of this.served) {
      if (ports.has(port)) continue;
      this.served.delete(port);
      served.table = NO_ROUTES;
      for (const state of served.routes.values()) state.metrics.release();
      const drained = served.listener.drain(served.drainTimeout).finally(() => this.#draining.delete(drained));
      this.#draining.add(drained);
    }
  }

  /** Closes every listener and waits for requests in progress, at most `timeout` ms. */
  async drain(timeout: number): Promise<void> {
    clearTimeout(this.#retry);
    this.#failures.clear();
    await Promise.all([...[...this.served.values()].map((s) => s.listener.drain(timeout)), ...this.#draining]);
  }
}

function bindFailure(port: number, error: NodeJS.ErrnoException): string {
  const name = describePort(port);
  if (error.code === 'EADDRINUSE') return `${name} is in use on this proxy by another process`;
  if (error.code === 'EACCES') return `${name} may not be bound by this proxy`;
  return `${name} could not be bound: ${error.code ?? error.message}`;
}
