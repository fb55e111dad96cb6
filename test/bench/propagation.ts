/**
 * From a change of an EndpointSlice to traffic: 100 endpoints, of which each change replaces one.
 *
 * All endpoints are real, and equal to the operator and the proxies but for their weight: the one that changes has a thousand times the
 * weight of each other one, so that one request every 5 ms shows at once where a proxy sends.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from '../local-cluster/api.ts';
import { until, type Cluster } from '../local-cluster/cluster.ts';
import { create } from '../local-cluster/create.ts';
import { Asking } from './steady-load.ts';
import { GATEWAYS, NAMESPACE, programPolicy, SERVICE, startBenchCluster } from './bench-cluster.ts';
import type { Bench } from './bench.ts';
import { startServer } from './child.ts';
import type { Scope } from './cleanup.ts';
import { percentile } from './stats.ts';
import { Switchovers } from './switchover.ts';

const CHANGES = 200;
const ASK_EVERY_MS = 5;
const BOUND_MS = 200;
const SETTLE_MS = 10_000;
/** Between changes, so that they meet the operator at any moment of its rhythm. */
const PAUSE_MS = { min: 50, max: 250 };

const BACKEND_PORT = 8080;
const WEIGHT = '1000';
const CONSTANT = 99;
/** They take turns, so that a removed endpoint stays away for many changes. */
const CHANGING = 120;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;

export const propagation: Bench = async ({ rounds = CHANGES }, scope, note) => {
  const cluster = await startBenchCluster(scope);
  const { constant, changing } = await prepareEndpoints(scope, cluster);
  const slice = (current: number) => ({ endpoints: [...constant, changing[current % changing.length]] });
  const address = (i: number) => changing[i % changing.length]?.addresses[0] as string;
  await createSlice(cluster.api, slice(0));
  const targets = await programPolicy(cluster, { loadBalancer: { type: 'WeightedRoundRobin' } });

  const switchovers = new Switchovers(GATEWAYS.length);
  const heard = (proxy: number, body: string, at: number) => switchovers.heard(proxy, body.split(' ')[0] as string, at);
  const asking = new Asking(targets, ASK_EVERY_MS, heard);
  scope.defer(() => asking.stop());
  for (let i = 0; i < rounds; i += 1) {
    await cluster.api.patch(`${SLICES}/${SERVICE}`, slice(i + 1));
    switchovers.change(performance.now(), address(i), address(i + 1));
    await until(`both proxies answer from ${address(i + 1)}`, SETTLE_MS, () => switchovers.settled);
    await delay(randomInt(PAUSE_MS.min, PAUSE_MS.max));
    if ((i + 1) % 50 === 0) note(`${i + 1} of ${rounds} changes`);
  }
  return [rowOf(switchovers.durations(), asking.failed)];
};

function rowOf(durations: readonly number[], failed: number) {
  const [p50, p99, max] = [50, 99, 100].map((percent) => percentile(durations, percent)) as [number, number, number];
  return {
    what: `EndpointSlice change to traffic, 2 proxies, 100 endpoints, ${durations.length} changes`,
    number: `p99 ${p99.toFixed(0)} ms (p50 ${p50.toFixed(0)}, max ${max.toFixed(0)}); ${failed} requests failed`,
    bound: { text: `p99 ≤ ${BOUND_MS} ms`, met: p99 <= BOUND_MS && failed === 0 },
  };
}

interface Endpoint {
  readonly addresses: readonly [string];
  readonly conditions: { readonly ready: true };
  readonly targetRef?: object;
}

/** Listeners for all endpoints, and a Pod with a weight for each of those that change. Pods without a node are not run. */
async function prepareEndpoints(scope: Scope, { api, addresses }: Cluster) {
  const take = (count: number) => Array.from({ length: count }, () => addresses.take());
  const places = { constant: take(CONSTANT), changing: take(CHANGING) };
  const all = [...places.constant, ...places.changing];
  const last = `http://${all.at(-1)}:${BACKEND_PORT}/`;
  const args = ['--port', String(BACKEND_PORT), ...all.flatMap((address) => ['--bind', address])];
  await startServer(scope, { program: 'test/bench/backend.ts', args }, async () => (await fetch(last)).ok);

  const conditions = { ready: true } as const;
  const constant = places.constant.map((address): Endpoint => ({ addresses: [address], conditions }));
  const changing = await Promise.all(
    places.changing.map(async (address, i): Promise<Endpoint> => {
      const metadata = { name: `changing-${i}`, namespace: NAMESPACE, annotations: { 'outrigger.dev/weight': WEIGHT } };
      const spec = { containers: [{ name: 'backend', image: 'outrigger/backend' }] };
      const pod = await api.create(`/api/v1/namespaces/${NAMESPACE}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
      const { name, uid } = pod.metadata;
      return { addresses: [address], conditions, targetRef: { kind: 'Pod', namespace: NAMESPACE, name, uid } };
    }),
  );
  return { constant, changing };
}

/** With a Service without selector, whose slice nobody else writes. */
async function createSlice(api: Api, content: object): Promise<void> {
  const ports = [{ name: 'http', port: 80 }];
  await create(api, { apiVersion: 'v1', kind: 'Service', metadata: { name: SERVICE, namespace: NAMESPACE }, spec: { ports } });
  await api.create(SLICES, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: SERVICE, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': SERVICE } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: BACKEND_PORT, protocol: 'TCP' }],
    ...content,
  });
}
