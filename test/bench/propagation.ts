/**
 * From a change of an EndpointSlice to traffic: 100 endpoints, of which each change replaces one. Measured apart: when the new endpoint has
 * traffic, and when the old one has none any more, if it terminates as Pods do, and if it leaves while it is ready.
 *
 * All endpoints are real, and differ only in their weight: the one that is replaced has a thousand times the weight of each other one, so
 * that one request every 5 ms shows at once which endpoint a proxy uses.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from '../local-cluster/api.ts';
import { until, type Cluster } from '../local-cluster/cluster.ts';
import { create } from '../local-cluster/create.ts';
import { SteadyLoad } from './steady-load.ts';
import { GATEWAYS, NAMESPACE, programPolicy, SERVICE, startBenchCluster } from './bench-cluster.ts';
import type { Bench, Row } from './bench.ts';
import { startServer } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { percentile } from './stats.ts';
import { Switchovers } from './switchover.ts';

/** Changes whose old endpoint terminates. */
const CHANGES = 200;
/** Changes whose old endpoint leaves while it is ready; fewer, because each takes more than a second. */
const READY_CHANGES = 100;
const REQUEST_INTERVAL_MS = 5;
const BOUND_MS = 200;
/** For an endpoint that leaves while it is ready: the operator keeps it for 500 ms, since it may be on its way to another slice. */
const READY_BOUND_MS = 500 + BOUND_MS;
const SWITCHOVER_TIMEOUT_MS = 10_000;
/** Pause between changes; random, so that they arrive at any moment of the operator's coalescing interval. */
const PAUSE_MS = { min: 50, max: 250 };
/** The same where an endpoint is kept: longer than that, because the operator keeps it for longer while the slice changes again. */
const READY_PAUSE_MS = { min: 1_000, max: 1_200 };

const BACKEND_PORT = 8080;
const WEIGHT = '1000';
const CONSTANT_ENDPOINTS = 99;
/** Used in rotation, so that a removed endpoint stays removed for many changes. */
const CHANGING_ENDPOINTS = 120;
/** What the controller of Kubernetes writes when a Pod is deleted that still serves. */
const TERMINATING = { ready: false, serving: true, terminating: true } as const;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;

export const propagation: Bench = async ({ rounds = CHANGES }, cleanup, note) => {
  const cluster = await startBenchCluster(cleanup);
  const { constant, changing } = await prepareEndpoints(cleanup, cluster);
  const endpoint = (i: number) => changing[i % changing.length] as Endpoint;
  await createSlice(cluster.api, { endpoints: [...constant, endpoint(0)] });
  const targets = await programPolicy(cluster, { loadBalancer: { type: 'WeightedRoundRobin' } });

  const switchovers = new Switchovers(GATEWAYS.length);
  const onResponse = (proxy: number, body: string, at: number) =>
    switchovers.recordAnswer(proxy, body.split(' ')[0] as string, at);
  const load = new SteadyLoad(targets, REQUEST_INTERVAL_MS, onResponse);
  cleanup.defer(() => load.stop());
  const replace = async (i: number, leaving: readonly Endpoint[], pause: { readonly min: number; readonly max: number }) => {
    const [[before], [after]] = [endpoint(i).addresses, endpoint(i + 1).addresses];
    await cluster.api.patch(`${SLICES}/${SERVICE}`, { endpoints: [...constant, ...leaving, endpoint(i + 1)] });
    switchovers.begin(performance.now(), before, after);
    await until(`both proxies use ${after}`, SWITCHOVER_TIMEOUT_MS, () => switchovers.complete);
    await delay(randomInt(pause.min, pause.max));
    if ((i + 1) % 50 === 0) note(`${i + 1} of ${changes} changes`);
  };
  const changes = rounds + Math.min(rounds, READY_CHANGES);
  for (let i = 0; i < rounds; i += 1) await replace(i, [{ ...endpoint(i), conditions: TERMINATING }], PAUSE_MS);
  for (let i = rounds; i < changes; i += 1) await replace(i, [], READY_PAUSE_MS);
  const removals = switchovers.removals();
  const change = 'EndpointSlice change, 2 proxies, 100 endpoints';
  return [
    rowOf(`${change}: until the new endpoint has traffic`, switchovers.arrivals(), load.failed, BOUND_MS),
    rowOf(`${change}: until the old one, which terminates, has none`, removals.slice(0, rounds), load.failed, BOUND_MS),
    rowOf(`${change}: until the old one, which left while ready, has none`, removals.slice(rounds), load.failed, READY_BOUND_MS),
  ];
};

/** @param failed requests that failed during all changes: no row can meet its bound if one did */
function rowOf(what: string, durations: readonly number[], failed: number, bound: number): Row {
  const [p50, p99, max] = [50, 99, 100].map((percent) => percentile(durations, percent)) as [number, number, number];
  return {
    what: `${what}, ${durations.length} changes`,
    number: `p99 ${p99.toFixed(0)} ms (p50 ${p50.toFixed(0)}, max ${max.toFixed(0)}); ${failed} requests failed`,
    bound: { text: `p99 ≤ ${bound} ms`, met: p99 <= bound && failed === 0 },
  };
}

interface Endpoint {
  readonly addresses: readonly [string];
  readonly conditions: { readonly ready: boolean };
  readonly targetRef?: object;
}

/** Listeners for all endpoints, and a Pod with a weight for each one that changes. The pod runner ignores Pods without a node. */
async function prepareEndpoints(cleanup: Cleanup, { api, addresses }: Cluster) {
  const take = (count: number) => Array.from({ length: count }, () => addresses.take());
  const taken = { constant: take(CONSTANT_ENDPOINTS), changing: take(CHANGING_ENDPOINTS) };
  const all = [...taken.constant, ...taken.changing];
  const last = `http://${all.at(-1)}:${BACKEND_PORT}/`;
  const args = ['--port', String(BACKEND_PORT), ...all.flatMap((address) => ['--bind', address])];
  await startServer(cleanup, { program: 'test/bench/backend.ts', args }, async () => (await fetch(last)).ok);

  const conditions = { ready: true } as const;
  const constant = taken.constant.map((address): Endpoint => ({ addresses: [address], conditions }));
  const changing = await Promise.all(
    taken.changing.map(async (address, i): Promise<Endpoint> => {
      const metadata = { name: `changing-${i}`, namespace: NAMESPACE, annotations: { 'outrigger.dev/weight': WEIGHT } };
      const spec = { containers: [{ name: 'backend', image: 'outrigger/backend' }] };
      const pod = await api.create(`/api/v1/namespaces/${NAMESPACE}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
      const { name, uid } = pod.metadata;
      return { addresses: [address], conditions, targetRef: { kind: 'Pod', namespace: NAMESPACE, name, uid } };
    }),
  );
  return { constant, changing };
}

/** Creates the slice, and its Service without selector, so that no controller writes the slice. */
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
