/** The local cluster with operator and gateways from their bundles, and one policy. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Api } from '../local-cluster/api.ts';
import { startCluster, until, type Cluster } from '../local-cluster/cluster.ts';
import { create } from '../local-cluster/create.ts';
import { backendPod, gatewayPod, operatorPod, SYSTEM_NAMESPACE } from '../local-cluster/manifests.ts';
import type { Pod } from '../local-cluster/pod-types.ts';
import { BUNDLES } from './bundles.ts';
import type { Cleanup } from './cleanup.ts';

export const NAMESPACE = 'default';
/** Name of the Service and of the policy. */
export const SERVICE = 'echo';
export const OPERATOR = 'operator-1';
export const GATEWAYS = ['gateway-1', 'gateway-2'] as const;
/** Port of the policy's listener. */
const PORT = 8080;
const READY_MS = 60_000;
const STOP_SECONDS = 5;

/** The cleanup stops it and removes its state folder. */
export async function startBenchCluster(cleanup: Cleanup, gateways: readonly string[] = GATEWAYS): Promise<Cluster> {
  const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-bench-'));
  cleanup.defer(() => rm(stateDir, { recursive: true, force: true }));
  const cluster = await startCluster({ stateDir });
  cleanup.defer(() => cluster.stop(STOP_SECONDS));
  const { api } = cluster;
  await create(api, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } });
  await create(api, withProgram(operatorPod(OPERATOR, cluster.kubeconfigPath), BUNDLES.operator));
  for (const name of gateways) await create(api, withProgram(gatewayPod(name), BUNDLES.proxy));
  await Promise.all([OPERATOR, ...gateways].map((name) => untilReady(api, SYSTEM_NAMESPACE, name)));
  return cluster;
}

/** The same pod with another program and the same Node flags. */
function withProgram(pod: object, program: string): object {
  const { spec, ...rest } = pod as { spec: { containers: readonly { readonly command: readonly string[] }[] } };
  const containers = spec.containers.map((container) => ({ ...container, command: container.command.with(-1, program) }));
  return { ...rest, spec: { ...spec, containers } };
}

export function podPath(namespace: string, name: string): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}

export function untilReady(api: Api, namespace: string, name: string): Promise<Pod> {
  return until(`${name} is ready`, READY_MS, async () => {
    const pod = await api.find<Pod>(podPath(namespace, name));
    return pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true && pod;
  });
}

/** Adds a sample backend to the Service; resolves when it is ready. */
export async function addBackend(api: Api, name: string): Promise<void> {
  await create(api, backendPod(name, NAMESPACE, SERVICE));
  await untilReady(api, NAMESPACE, name);
}

interface Policy {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly observedGeneration?: number }[];
  };
}

const POLICY = `/apis/outrigger.dev/v1alpha1/namespaces/${NAMESPACE}/loadbalancerpolicies/${SERVICE}`;

/** Waits until every proxy has the current generation of the policy. */
async function untilProgrammed(api: Api): Promise<void> {
  await until('the policy is programmed', READY_MS, async () => {
    const { metadata, status } = await api.get<Policy>(POLICY);
    return status?.conditions?.some(
      (condition) =>
        condition.type === 'Programmed' && condition.status === 'True' && condition.observedGeneration === metadata.generation,
    );
  });
}

/** Merges a change into the spec of the policy, and waits until every proxy has it. */
export async function changePolicy(api: Api, spec: object): Promise<void> {
  await api.patch(POLICY, { spec });
  await untilProgrammed(api);
}

/**
 * Creates the policy, for port 80 of the Service, and waits until it is programmed and every gateway responds with 200.
 * Returns `HOST:PORT` of the gateways. `spec` is added to listener and backendRefs.
 */
export async function programPolicy(
  { api }: Cluster,
  spec: object = {},
  gateways: readonly string[] = GATEWAYS,
): Promise<readonly string[]> {
  await create(api, {
    apiVersion: 'outrigger.dev/v1alpha1',
    kind: 'LoadBalancerPolicy',
    metadata: { name: SERVICE, namespace: NAMESPACE },
    spec: { listener: { port: PORT }, backendRefs: [{ name: SERVICE, port: 80 }], ...spec },
  });
  await untilProgrammed(api);
  const pods = await Promise.all(gateways.map((name) => api.get<Pod>(podPath(SYSTEM_NAMESPACE, name))));
  const targets = pods.map((pod) => `${pod.status?.podIP}:${PORT}`);
  for (const target of targets) await until(`${target} answers`, READY_MS, async () => (await fetch(`http://${target}/`)).ok);
  return targets;
}
