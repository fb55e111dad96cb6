/** Where the tests run: on an API server of their own, or on the one that KUBECONFIG names. No other file depends on which. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ensureKubectl } from '../../scripts/tools.ts';
import { Api } from '../local-cluster/api.ts';
import { applyCrd, startCluster, until, type Cluster } from '../local-cluster/cluster.ts';
import { registerNodes, removeNodes, type Nodes } from '../local-cluster/nodes.ts';
import { AddressBlock, NODE_NAME, runPods, type PodRunner } from '../local-cluster/pods.ts';
import { tied } from '../local-cluster/tied.ts';

const EXTERNAL = process.env['OUTRIGGER_TEST_CLUSTER'] === 'external';

/** What cannot run on a foreign server, and why; false on a server of the tests. For the option `skip` of tests. */
export const external = {
  killApiServer: EXTERNAL && 'the API server that KUBECONFIG names is a foreign one, which tests do not kill',
  callWebhooks: EXTERNAL && 'an API server without nodes cannot reach a Service, and so no webhook',
  ownCluster: EXTERNAL && 'it starts a local cluster of its own',
} as const;

export interface Platform {
  readonly api: Api;
  readonly kubeconfig: string;
  /** Addresses that Pods may have here: those of the pod runner, and of servers that tests start. */
  readonly addresses: AddressBlock;
  readonly pods: PodRunner;
  /** What the spec of a Pod must hold so that `pods` runs it. */
  readonly placement: object;
  readonly logs: string;
  /** Undefined for a foreign one. */
  readonly apiServer: Cluster['apiServer'] | undefined;
  /** Resolves when everything that was started or created is gone. */
  stop(): Promise<void>;
}

/** @param nodes that Pods may be bound to beside their placement; removed in the end */
export function startPlatform(stateDir: string, nodes: Nodes): Promise<Platform> {
  return EXTERNAL ? connect(stateDir, nodes) : startLocal(stateDir, nodes);
}

async function startLocal(stateDir: string, nodes: Nodes): Promise<Platform> {
  const cluster = await startCluster({ stateDir, nodes: { [NODE_NAME]: 'local-a', ...nodes } });
  const { api, kubeconfigPath: kubeconfig, addresses, pods, logs, apiServer } = cluster;
  return { api, kubeconfig, addresses, pods, placement: { nodeName: NODE_NAME }, logs, apiServer, stop: () => cluster.stop(0) };
}

/**
 * On a server without nodes: our Pods name a scheduler that does not exist, so that no kubelet gets them, and a pod runner of our own
 * runs their processes and writes their status. `kubectl proxy` adds the credentials of the kubeconfig.
 */
async function connect(stateDir: string, nodes: Nodes): Promise<Platform> {
  const kubeconfig = join(stateDir, 'kubeconfig');
  const kubectl = await ensureKubectl();
  const config = await promisify(execFile)(kubectl, ['config', 'view', '--raw', '--minify', '--flatten']);
  await mkdir(stateDir, { recursive: true });
  await writeFile(kubeconfig, config.stdout, { mode: 0o600 });
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  const proxy = await startProxy(kubectl, kubeconfig);
  const api = new Api(proxy.url);
  const schedulerName = `outrigger-tests-${randomBytes(4).toString('hex')}`;
  const pods = runPods(api, addresses, stateDir, (pod) => pod.spec.schedulerName === schedulerName);
  await registerNodes(api, nodes);
  const createdCrd = await applyCrd(api);
  const stop = async () => {
    try {
      if (createdCrd) await removeCrd(api);
      await removeNodes(api, nodes);
    } finally {
      await pods.stop(0);
      await proxy.stop();
      addresses.release();
    }
  };
  const logs = join(stateDir, 'logs');
  return { api, kubeconfig, addresses, pods, placement: { schedulerName }, logs, apiServer: undefined, stop };
}

async function startProxy(kubectl: string, kubeconfig: string): Promise<{ url: string; stop(): Promise<void> }> {
  const [file, ...args] = tied([kubectl, '--kubeconfig', kubeconfig, 'proxy', '--address', '127.0.0.1', '--port', '0']);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit').then(() => undefined);
  const said = once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line));
  const [, address] = /Starting to serve on (\S+)/.exec((await Promise.race([said, gone])) ?? '') ?? [];
  if (address === undefined) throw new Error('kubectl proxy did not start; its output is above');
  const stop = async () => {
    child.kill();
    await gone;
  };
  return { url: `http://${address}`, stop };
}

async function removeCrd(api: Api): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/loadbalancerpolicies.outrigger.dev';
  await api.delete(path);
  await until('the LoadBalancerPolicy kind is gone', 30_000, async () => (await api.find(path)) === undefined);
}
