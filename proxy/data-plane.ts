/** Wires everything that serves traffic; main.ts adds the control API, the observe port and signals. */
import { performance } from 'node:perf_hooks';
import { DOWNSTREAM_ENGINES, UPSTREAM_ENGINES } from './config.ts';
import type { DownstreamEngineName, UpstreamEngineName } from './config.ts';
import { Runtime } from './runtime.ts';
import { createHttp1Server } from './downstream/http1/server.ts';
import { createNodeHttpServer } from './downstream/node-http/server.ts';
import type { TimeLimits } from './downstream/http-server-settings.ts';
import { Prober } from './health/prober.ts';
import type { ProbeReport } from './health/prober.ts';
import { Listener } from './downstream/listener.ts';
import { Metrics } from './observe/metrics.ts';
import type { Upstream } from './message/attempt.ts';
import type { EarlyReply } from './message/early-reply.ts';
import type { Exchange } from './message/exchange.ts';
import { serve } from './pipeline.ts';
import type { ListenerLog } from './rejections.ts';
import type { HealthLog } from './endpoints/health-log.ts';
import type { RequestRecord } from './request/request-record.ts';
import type { RouteState } from './request/route-state.ts';
import { createRouteTable } from './route/route-table.ts';
import type { RouteTable } from './route/route-table.ts';
import { Http1Upstream } from './upstream/http1/index.ts';
import { HttpProxyUpstream } from './upstream/http-proxy/index.ts';

const DOWNSTREAM = { 'node-http': createNodeHttpServer, http1: createHttp1Server } as const;

export interface DataPlaneOptions {
  /** Addresses to listen on; undefined: all of them. */
  readonly addresses: readonly (string | undefined)[];
  /** Open client connections per listener. */
  readonly maxConnections: number;
  /** The pseudonym of this proxy in Via. */
  readonly viaName: string;
  readonly makeRequestId: () => string;
  /** How long clients may take; defaults for those that are absent. */
  readonly limits?: Partial<TimeLimits>;
  readonly record: (r: RequestRecord) => void;
  /** Called for a reply that was sent without an exchange. */
  readonly replied: (r: EarlyReply) => void;
  readonly probed: (report: ProbeReport) => void;
  readonly health: HealthLog;
  readonly listeners: ListenerLog;
  /** Called for a defect: a request ended with an exception. */
  readonly failed: (error: unknown) => void;
  /** The engine of the client's side; the default one unless given. */
  readonly downstreamEngine?: DownstreamEngineName;
  /** The engine of the backend's side; likewise. */
  readonly upstreamEngine?: UpstreamEngineName;
  /** Makes another one. `now`: monotonic milliseconds. */
  readonly createUpstream?: (now: () => number) => Upstream;
  /** Monotonic milliseconds; the process's own clock unless given. */
  readonly now?: () => number;
}

export interface DataPlaneParts {
  readonly runtime: Runtime;
  readonly upstream: Upstream;
  readonly metrics: Metrics;
  /** Serves one exchange with the routes of this port's listener, whichever engine of the client's side made it. */
  handle(port: number, x: Exchange): void;
  /** Closes listeners, lets requests in progress finish within `timeout` ms, then closes everything. */
  drain(timeout: number): Promise<void>;
}

const UPSTREAM: Readonly<Record<UpstreamEngineName, (now: () => number) => Upstream>> = {
  'http-proxy': (now) => new HttpProxyUpstream(now),
  http1: (now) => new Http1Upstream(now),
};

const NO_ROUTES = createRouteTable<RouteState>([]);

export function createDataPlane(o: DataPlaneOptions): DataPlaneParts {
  const now = o.now ?? (() => performance.now());
  const upstream = o.createUpstream?.(now) ?? UPSTREAM[o.upstreamEngine ?? UPSTREAM_ENGINES[0]](now);
  const prober = new Prober({ random: Math.random, onResult: o.probed });
  const metrics: Metrics = new Metrics(now, {
    connections: () => [...runtime.listeners].map(([port, { listener }]) => ({ port, open: listener.connections })),
    upstream: () => upstream.connections,
    rejectedListeners: () => runtime.rejected(),
    endpointSets: () => runtime.endpointSets.values(),
    zone: () => runtime.location.zone,
  });
  const record = (r: RequestRecord): void => {
    if (!r.route) metrics.unrouted(r.end);
    o.record(r);
  };
  const replied = (r: EarlyReply): void => {
    metrics.replied(r);
    o.replied(r);
  };
  const pipeline = { upstream, now, random: Math.random, record };
  const handle = (x: Exchange, table: RouteTable<RouteState>): void => {
    serve(x, table, pipeline).catch((error: unknown) => {
      o.failed(error);
      x.response.abort();
    });
  };
  const { addresses, maxConnections, viaName, makeRequestId } = o;
  const refused = (r: EarlyReply | undefined) => (r ? replied(r) : metrics.refused('overflow'));
  const createServer = DOWNSTREAM[o.downstreamEngine ?? DOWNSTREAM_ENGINES[0]];
  const listen = { addresses, maxConnections, refused };
  const http1 = { viaName, makeRequestId, now, ...(o.limits && { limits: o.limits }) };
  const runtime: Runtime = new Runtime({
    prober,
    random: Math.random,
    now,
    requestMetrics: metrics.requestMetrics,
    makeListener(port, served) {
      const server = createServer({
        ...http1,
        port,
        trust: () => served().trust,
        pathNormalization: () => served().pathNormalization,
        replied,
        handle: (x) => handle(x, served().table),
      });
      return new Listener(port, server, listen);
    },
    retire: (endpoint) => upstream.retire(endpoint),
    restore: (endpoint) => upstream.restore(endpoint),
    log: o.health,
    listenerLog: o.listeners,
  });
  return {
    runtime,
    upstream,
    metrics,
    handle: (port, x) => handle(x, runtime.listeners.get(port)?.table ?? NO_ROUTES),
    async drain(timeout) {
      await runtime.drain(timeout);
      upstream.close();
      prober.close();
      metrics.close();
    },
  };
}
