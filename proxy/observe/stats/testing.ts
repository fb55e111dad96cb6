/** For tests: a proxy in this process with any number of policies, and its observe port, on loopback. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createDataPlane } from '../../data-plane.ts';
import type { DataPlaneParts } from '../../data-plane.ts';
import type { Endpoint, PoolPart, Route } from '../../snapshot/types.ts';
import { closedPort, PASSIVE, RETRY, TIMEOUTS } from '../../testing.ts';
import { createObserveServer } from '../server.ts';
import { createStats } from './index.ts';
import type { Source } from './model.ts';

export interface TestPolicy {
  /** `namespace/name`. */
  readonly policy: string;
  /** By `namespace/service:port`. */
  readonly backends: Readonly<Record<string, readonly Endpoint[]>>;
  readonly weights?: Readonly<Record<string, number>>;
  readonly part?: Partial<Omit<PoolPart, 'endpoints'>>;
  readonly route?: Partial<Route>;
}

export interface StatsProxy {
  /** URL of the observe port. */
  readonly origin: string;
  /** URL of the only listener. */
  readonly port: number;
  readonly plane: DataPlaneParts;
  readonly source: () => Source;
  apply(policies: readonly TestPolicy[]): Promise<void>;
  close(): Promise<void>;
}

export interface StatsProxyOptions {
  readonly pod?: string;
  readonly zone?: string;
  /** Port of the listener; default: a free one. */
  readonly port?: number;
  /** Milliseconds between two samples. */
  readonly interval?: number;
  readonly rejected?: Source['rejected'];
}

export async function startStatsProxy(policies: readonly TestPolicy[], o: StatsProxyOptions = {}): Promise<StatsProxy> {
  const silent = () => undefined;
  const plane = createDataPlane({
    ...{ addresses: ['127.0.0.1'], maxConnections: 1000, viaName: 'outrigger-test', makeRequestId: () => 'made-here' },
    ...{
      record: silent,
      replied: () => undefined,
      probed: silent,
      health: { checked: silent, ejected: silent, returned: silent, panic: silent },
    },
    listeners: { rejected: silent, accepted: silent },
    failed: (error) => {
      throw error;
    },
  });
  const { runtime, metrics } = plane;
  const port = o.port ?? (await closedPort());
  let sequence = 0;
  const apply = async (next: readonly TestPolicy[]) => {
    const pools = next.flatMap(poolsOf).map((pool) => ({ ...pool, digest: `${pool.id} ${sequence}` }));
    const version = { epoch: 1_763_800_000, sequence: ++sequence };
    const listeners = [{ port, protocol: 'HTTP' as const, routes: next.map(routeOf) }];
    await runtime.apply({ version, digest: '', trustedKeys: [], listeners, pools }, { zone: o.zone ?? '', node: '' });
  };
  await apply(policies);
  const since = Date.now();
  const facts = { pod: o.pod ?? 'gateway-1', mode: 'gateway' as const, version: '0.1.0', startedAt: performance.now() };
  const source = (): Source => ({
    ...{
      facts,
      listeners: runtime.listeners,
      endpointSets: runtime.endpointSets,
      buffer: metrics.requestMetrics.buffer,
      zone: runtime.location.zone,
      notReady: '',
    },
    connections: [...runtime.listeners.values()].reduce((sum, { listener }) => sum + listener.connections, 0),
    snapshot: { epoch: 1_763_800_000, sequence, digest: 'c0ffee'.repeat(10), since },
    rejected: [...runtime.rejected(), ...(o.rejected ?? [])],
  });
  const now = () => performance.now();
  const stats = createStats({
    serving: source(),
    source,
    now,
    wall: Date.now,
    ...(o.interval !== undefined && { interval: o.interval }),
  });
  const server = createObserveServer({ registry: metrics.registry, notReady: silent, now, stats: stats.answer });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ port, plane, source, apply },
    close: async () => {
      stats.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await plane.drain(0);
    },
  };
}

function poolsOf({ policy, backends, part }: TestPolicy): { id: string; part: PoolPart }[] {
  const rest = { loadBalancer: { type: 'LeastRequest' }, healthCheck: { passive: PASSIVE }, ...part } as const;
  return Object.entries(backends).map(([backend, endpoints]) => ({ id: `${policy}/${backend}`, part: { ...rest, endpoints } }));
}

function routeOf({ policy, backends, weights = {}, route }: TestPolicy): Route {
  return {
    ...{ policy, generation: 1, created: 0, hostnames: [], matches: [], retry: RETRY, timeouts: TIMEOUTS },
    destinations: Object.keys(backends).map((backend) => ({ pool: `${policy}/${backend}`, weight: weights[backend] ?? 1 })),
    accessLog: { enabled: false, samplePercent: 100 },
    ...route,
  };
}
