/** CPU of the operator's process with many proxies and many policies: API server, sockets and signatures are real. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CONTROL_PORT } from '../../proxy/snapshot/ports.ts';
import type { Api, ApiObject } from '../local-cluster/api.ts';
import { until } from '../local-cluster/cluster.ts';
import { create } from '../local-cluster/create.ts';
import { SYSTEM_NAMESPACE } from '../local-cluster/manifests.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import { NAMESPACE, OPERATOR, SERVICE, startBenchCluster } from './bench-cluster.ts';
import type { Bench } from './bench.ts';
import { startServer } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import type { FleetConfig } from './fleet-proxies.ts';
import { cpuSeconds } from './process-stats.ts';

const [PROXIES, POLICIES] = [300, 300];
const SECONDS = 60;
/** The operator's share of a core while nothing changes. */
const BOUND_PERCENT = 3;
const PROGRAMMED_MS = 180_000;
/** Seconds after which counts are in every status. */
const SETTLE_SECONDS = 20;
const POLICY_PATH = `/apis/outrigger.dev/v1alpha1/namespaces/${NAMESPACE}/loadbalancerpolicies`;
const PODS = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods`;

export const fleet: Bench = async ({ seconds = SECONDS }, cleanup, note) => {
  const cluster = await startBenchCluster(cleanup, []);
  const { api } = cluster;
  await createService(api, cluster.addresses.take());
  await Promise.all(Array.from({ length: POLICIES }, (_, i) => create(api, policy(i))));
  note(`${POLICIES} policies`);
  await startProxies(cleanup, api);
  note(`${PROXIES} proxies`);
  await untilProgrammed(api);
  await delay(SETTLE_SECONDS * 1000);
  note('every policy is programmed');
  const pid = cluster.pods.pid(SYSTEM_NAMESPACE, OPERATOR) as number;
  const [before, began] = [cpuSeconds(pid), performance.now()];
  await delay(seconds * 1000);
  const percent = ((cpuSeconds(pid) - before) / (performance.now() - began)) * 1000 * 100;
  return [
    {
      what: `CPU of the operator, ${PROXIES} proxies × ${POLICIES} policies, while nothing changes for ${seconds} s`,
      number: `${percent.toFixed(2)}% of a core`,
      bound: { text: `≤ ${BOUND_PERCENT}%`, met: percent <= BOUND_PERCENT },
    },
  ];
};

function policy(i: number): object {
  const metadata = { name: `web-${i}`, namespace: NAMESPACE };
  const listener = { port: 8080, hostnames: [`web-${i}.example.com`] };
  const spec = { listener, backendRefs: [{ name: SERVICE, port: 80 }] };
  return { apiVersion: 'outrigger.dev/v1alpha1', kind: 'LoadBalancerPolicy', metadata, spec };
}

/** A Service without selector, and its only endpoint, which need not exist: the proxies have no traffic and no probes. */
async function createService(api: Api, address: string): Promise<void> {
  const metadata = { name: SERVICE, namespace: NAMESPACE };
  await create(api, { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 80 }] } });
  await api.create(`/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': SERVICE } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
}

/** Pods that no kubelet runs, and a process that answers for them. */
async function startProxies(cleanup: Cleanup, api: Api): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-bench-'));
  cleanup.defer(() => rm(stateDir, { recursive: true, force: true }));
  const addresses = await takeAddresses(cleanup, PROXIES);
  const proxies = await Promise.all(
    addresses.map(async (address, i) => ({ address, ...(await createPod(api, `gateway-${String(i).padStart(3, '0')}`)) })),
  );
  const config = join(stateDir, 'config.json');
  await writeFile(config, JSON.stringify({ publicKey: await publicKey(api), stateDir, proxies } satisfies FleetConfig));
  const last = `http://${addresses.at(-1)}:${CONTROL_PORT}/`;
  const program = { program: 'test/bench/fleet-proxies.ts', args: ['--config', config] };
  await startServer(cleanup, program, async () => (await fetch(last)).status === 404);
  await Promise.all(proxies.map(({ name, address }) => api.patch(`${PODS}/${name}/status`, { status: running(address) })));
}

/** From as many blocks as that takes. */
async function takeAddresses(cleanup: Cleanup, count: number): Promise<readonly string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const block = await AddressBlock.claim(undefined);
    cleanup.defer(() => block.release());
    const rest = Math.min(count - taken.length, 250);
    taken.push(...Array.from({ length: rest }, () => block.take()));
  }
  return taken;
}

async function createPod(api: Api, name: string): Promise<{ readonly name: string; readonly uid: string }> {
  const metadata = { name, namespace: SYSTEM_NAMESPACE, labels: { 'outrigger.dev/proxy': 'gateway' } };
  const spec = { nodeName: 'elsewhere', containers: [{ name: 'proxy', image: 'outrigger/proxy' }] };
  const pod = await api.create(PODS, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
  return { name, uid: pod.metadata.uid };
}

function running(podIP: string): object {
  const state = { running: { startedAt: new Date().toISOString() } };
  const container = { name: 'proxy', image: 'outrigger/proxy', imageID: '', containerID: `bench://${podIP}` };
  return {
    ...{ phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions: [{ type: 'Ready', status: 'True' }] },
    containerStatuses: [{ ...container, ready: true, started: true, restartCount: 0, state }],
  };
}

async function publicKey(api: Api): Promise<string> {
  const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/secrets/outrigger-signing-key`;
  const { data } = await api.get<{ data: { keys: string } }>(path);
  return Buffer.from(data.keys, 'base64').toString().trim();
}

interface PolicyObject extends ApiObject {
  readonly status?: { readonly proxies?: { readonly programmed?: number } };
}

async function untilProgrammed(api: Api): Promise<void> {
  await until('every proxy has every policy', PROGRAMMED_MS, async () => {
    await delay(1000);
    const { items } = await api.get<{ items: readonly PolicyObject[] }>(POLICY_PATH);
    return items.every(({ status }) => status?.proxies?.programmed === PROXIES);
  });
}
