/** For tests: a data plane in this process on loopback, backends on real sockets, and a client that returns every byte. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { after } from 'node:test';
import type { DownstreamEngineName, UpstreamEngineName } from './config.ts';
import type { Runtime } from './runtime.ts';
import { createDataPlane } from './data-plane.ts';
import type { Upstream } from './message/attempt.ts';
import type { EarlyReply } from './message/early-reply.ts';
import type { Exchange } from './message/exchange.ts';
import type { TimeLimits } from './downstream/http-server-settings.ts';
import type { RequestRecord } from './request/request-record.ts';
import type { ResolvedSnapshot } from './control/data-plane.ts';
import type { Location } from './snapshot/location.ts';
import type { Endpoint, Listener as ListenerSpec, PoolPart, Retry, Route, Timeouts } from './snapshot/types.ts';

export const RETRY: Retry = {
  attempts: 2,
  sameEndpoint: 0,
  perTryTimeout: 0,
  retryOn: ['connect-failure', 'reset', 'gateway-error'],
  backOff: { base: 25, max: 250 },
  nonIdempotent: false,
  bufferLimit: 65536,
};
export const TIMEOUTS: Timeouts = { connect: 5000, request: 0, idle: 60_000, drain: 1000 };
export const PASSIVE = { consecutiveConnectFailures: 3, baseEjectionTime: 30_000, maxEjectionPercent: 50 };
export const POOL = 'default/p/default/echo:80';

export interface Backend {
  readonly port: number;
  close(): Promise<void>;
}

/** A backend on node:http. */
export async function httpBackend(handler: RequestListener, port = 0): Promise<Backend> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A backend on a bare socket: `handler` sees every connection. */
export async function rawBackend(handler: (socket: Socket) => void): Promise<Backend> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    handler(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A backend that answers every request head with these bytes, whatever the request is. */
export function scriptedBackend(answer: string, then: 'keep' | 'end' | 'reset' = 'keep'): Promise<Backend> {
  return rawBackend((socket) => {
    socket.on('data', (chunk: Buffer) => {
      if (!chunk.includes('\r\n\r\n')) return;
      socket.write(answer, 'latin1', () => {
        if (then === 'end') socket.end();
        if (then === 'reset') socket.resetAndDestroy();
      });
    });
  });
}

/** A port on which no process listens, and none will: it is below the range of ephemeral ports. */
export async function closedPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.trunc(Math.random() * 10_000);
    const server = createTcpServer();
    const free = await new Promise((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

export function endpoint(port: number, more: Partial<Endpoint> = {}): Endpoint {
  return { id: `e-${port}`, hashKey: `pod:${port}`, address: '127.0.0.1', port, weight: 1, zone: '', state: 'active', ...more };
}

export interface ProxySpec {
  readonly endpoints: readonly Endpoint[];
  readonly part?: Partial<Omit<PoolPart, 'endpoints'>>;
  readonly retry?: Partial<Retry>;
  readonly timeouts?: Partial<Timeouts>;
  readonly route?: Partial<Route>;
  readonly listener?: Partial<ListenerSpec>;
  readonly maxConnections?: number;
  readonly limits?: Partial<TimeLimits>;
  readonly downstreamEngine?: DownstreamEngineName;
  readonly upstreamEngine?: UpstreamEngineName;
  /** In place of it. */
  readonly createUpstream?: () => Upstream;
  /** In place of the process's clock, for what lasts longer than a test should. Timers are not affected. */
  readonly now?: () => number;
  /** The zone of the proxy. */
  readonly zone?: string;
  /** The name of its Node. */
  readonly node?: string;
}

export interface TestProxy {
  readonly port: number;
  readonly runtime: Runtime;
  readonly upstream: Upstream;
  /** Serves an exchange that was not made by a listener. */
  handle(x: Exchange): void;
  readonly records: RequestRecord[];
  /** Replies that were sent without an exchange. */
  readonly earlyReplies: EarlyReply[];
  /** What was logged about health: one line per change. */
  readonly healthLog: string[];
  /** What was logged about rejected listeners. */
  readonly listenerLog: string[];
  /** Applies another spec. */
  apply(spec: ProxySpec): Promise<void>;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

let version = 0;

function snapshotOf(port: number, spec: ProxySpec): ResolvedSnapshot {
  const route: Route = {
    policy: 'default/p',
    generation: 1,
    created: 0,
    hostnames: [],
    matches: [],
    destinations: [{ pool: POOL, weight: 1 }],
    retry: { ...RETRY, ...spec.retry },
    timeouts: { ...TIMEOUTS, ...spec.timeouts },
    accessLog: { enabled: false, samplePercent: 100 },
    ...spec.route,
  };
  const part: PoolPart = {
    loadBalancer: { type: 'RoundRobin' },
    healthCheck: { passive: PASSIVE },
    ...spec.part,
    endpoints: spec.endpoints,
  };
  const listeners: ListenerSpec[] = [{ port, protocol: 'HTTP', routes: [route], ...spec.listener }];
  version++;
  return {
    version: { epoch: 1, sequence: version },
    digest: String(version),
    trustedKeys: [],
    listeners,
    pools: [{ id: POOL, digest: String(version), part }],
  };
}

function locationOf({ zone = '', node = '' }: ProxySpec): Location {
  return { zone, node };
}

/** A proxy with one listener and one pool. */
export async function startProxy(spec: ProxySpec): Promise<TestProxy> {
  const records: RequestRecord[] = [];
  const earlyReplies: EarlyReply[] = [];
  const healthLog: string[] = [];
  const listenerLog: string[] = [];
  const plane = createDataPlane({
    addresses: ['127.0.0.1'],
    maxConnections: spec.maxConnections ?? 1000,
    viaName: 'outrigger-test',
    makeRequestId: () => 'made-here',
    ...(spec.limits && { limits: spec.limits }),
    ...(spec.downstreamEngine && { downstreamEngine: spec.downstreamEngine }),
    ...(spec.upstreamEngine && { upstreamEngine: spec.upstreamEngine }),
    ...(spec.createUpstream && { createUpstream: spec.createUpstream }),
    ...(spec.now && { now: spec.now }),
    record: (r) => void records.push(r),
    replied: (r) => void earlyReplies.push(r),
    probed: () => undefined,
    health: {
      ejected: (_pool, e, reason, evidence) => void healthLog.push(`${e.hashKey} ejected: ${reason}: ${evidence}`),
      checked: () => undefined,
      returned: (_pool, e, how) => void healthLog.push(`${e.hashKey} back: ${how}`),
      panic: (_pool, on, healthy, of) => void healthLog.push(`panic ${on ? 'on' : 'off'}: ${healthy} of ${of}`),
    },
    listeners: {
      rejected: (r) => void listenerLog.push(`${r.policy} on ${r.listener} rejected: ${r.reason}`),
      accepted: (policy, port) => void listenerLog.push(`${policy} on ${port} accepted`),
    },
    failed: (error) => {
      throw error;
    },
  });
  const { runtime, upstream, metrics } = plane;
  const port = await closedPort();
  await runtime.apply(snapshotOf(port, spec), locationOf(spec));
  return {
    port,
    runtime,
    upstream,
    handle: (x) => plane.handle(port, x),
    records,
    earlyReplies,
    apply: async (next) => void (await runtime.apply(snapshotOf(port, next), locationOf(next))),
    healthLog,
    listenerLog,
    metrics: () => metrics.registry.text(),
    close: () => plane.drain(0),
  };
}

/** Starts proxies and backends of a test file, and closes them after its last test. */
export function opener() {
  const open: { close(): Promise<void> }[] = [];
  after(async () => {
    for (const o of open.reverse()) await o.close();
  });
  const track = <T extends { close(): Promise<void> }>(o: T): T => {
    open.push(o);
    return o;
  };
  return {
    track,
    start: async (spec: ProxySpec): Promise<TestProxy> => track(await startProxy(spec)),
    /** A proxy in front of this one backend. */
    proxyFor: async (backend: Backend, more: Omit<ProxySpec, 'endpoints'> = {}): Promise<TestProxy> =>
      track(await startProxy({ endpoints: [endpoint(track(backend).port)], ...more })),
  };
}

/** Sends bytes as they are and returns everything that came back until the peer closed, or `until` matched. */
export async function rawRequest(port: number, bytes: string, until?: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no end within 5 s; so far: ${text}`)), 5000);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (until?.test(text) === true) done();
    });
    socket.on('end', done);
    socket.on('error', done);
    socket.on('close', done);
    socket.write(bytes, 'latin1');
  });
  socket.destroy();
  return text;
}

/** One GET with `Connection: close`; the whole answer. */
export function get(port: number, path = '/', headers = ''): Promise<string> {
  return rawRequest(port, `GET ${path} HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n${headers}\r\n`);
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
}

/** Waits until `condition` holds; rejects after `timeout` ms. */
export async function eventually(condition: () => boolean, timeout = 5000): Promise<void> {
  const end = performance.now() + timeout;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeout} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
