import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ApiServerProcess, type ApiServerOptions } from './apiserver-process.ts';
import { Api, ApiError } from './api.ts';
import { runDeployments } from './deployments.ts';
import { runJobs } from './jobs.ts';
import { BUNDLES, SOURCES } from './images.ts';
import { registerNodes, type Nodes } from './nodes.ts';
import { AddressBlock, NODE_NAME, runPods, type PodRunner } from './pods.ts';
import { schedulePods } from './scheduler.ts';
import { keepSlices } from './slices.ts';

const CRD = join(import.meta.dirname, '..', '..', 'crds', 'loadbalancerpolicies.yaml');
const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface ClusterOptions {
  /** Holds the API server's state, the kubeconfig, pods' volumes and every log. Created when missing; existing state in it is used. */
  readonly stateDir: string;
  /** Of the API server, on 127.0.0.1; default: chosen by the system. */
  readonly port?: number;
  /** Addresses of pods, such as `127.1.0.`; default: OUTRIGGER_TEST_POD_PREFIX, else the first block that no other cluster uses. */
  readonly podPrefix?: string;
  /** Pods that are bound to one of these run; default: NODE_NAME alone. */
  readonly nodes?: Nodes;
  /** Run the bundles in `dist/` where a container names one of the project's images; default: the sources. */
  readonly bundles?: boolean;
  /** False: without the LoadBalancerPolicy kind, for a chart that installs it. */
  readonly crd?: boolean;
}

export interface Cluster {
  readonly url: string;
  readonly kubeconfigPath: string;
  /** Where every container's and the API server's output goes. */
  readonly logs: string;
  /** The API server's audit log; see `readCalls`. */
  readonly auditLog: string;
  readonly api: Api;
  readonly pods: PodRunner;
  /** Of its pods; tests take some for servers of their own. */
  readonly addresses: AddressBlock;
  /** Kills the API server as a crash would, or starts it again on the same port with the same state. */
  readonly apiServer: { readonly pid: number | undefined; kill(): Promise<void>; start(): Promise<void> };
  /** Ends pods (each within `graceSeconds`, default 10), then the API server. Called again with 0, it ends everything at once. */
  stop(graceSeconds?: number): Promise<void>;
}

/** Starts API server, pod runner, scheduler, and the controllers of Deployments, Jobs and EndpointSlices; creates the LoadBalancerPolicy kind unless `crd` is false. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { stateDir, nodes = { [NODE_NAME]: 'local-a' } } = options;
  const logs = join(stateDir, 'logs');
  await mkdir(logs, { recursive: true });
  const addresses = await AddressBlock.claim(options.podPrefix ?? process.env['OUTRIGGER_TEST_POD_PREFIX']);
  const serverOptions: ApiServerOptions = {
    bind: '127.0.0.1',
    port: options.port ?? 0,
    stateDir: join(stateDir, 'apiserver'),
    token: randomBytes(24).toString('hex'),
    kubeconfig: join(stateDir, 'kubeconfig'),
    logFile: join(logs, 'apiserver.log'),
    auditLog: join(logs, 'audit.jsonl'),
    podPrefix: addresses.prefix,
  };
  let server: ApiServerProcess;
  try {
    server = await ApiServerProcess.start(serverOptions);
  } catch (error) {
    addresses.release();
    throw error;
  }
  const { url } = server;
  const api = new Api(url, serverOptions.token, await readCa(serverOptions.kubeconfig));
  const pods = runPods(
    api,
    addresses,
    stateDir,
    ({ spec }) => Object.hasOwn(nodes, spec.nodeName ?? ''),
    options.bundles === true ? BUNDLES : SOURCES,
  );
  const slices = keepSlices(api, nodes);
  const scheduler = schedulePods(api, nodes);
  const controllers = [runDeployments(api), runJobs(api)];

  const cluster: Cluster = {
    url,
    kubeconfigPath: serverOptions.kubeconfig,
    logs,
    auditLog: serverOptions.auditLog,
    api,
    pods,
    addresses,
    apiServer: {
      get pid() {
        return server.pid;
      },
      kill: () => server.stop('SIGKILL'),
      start: async () => {
        server = await ApiServerProcess.start({ ...serverOptions, port: Number(new URL(url).port) });
      },
    },
    stop: async (graceSeconds = 10) => {
      scheduler.stop();
      await Promise.all(controllers.map((controller) => controller.stop()));
      await pods.stop(graceSeconds);
      await slices.stop();
      await server.stop();
      addresses.release();
    },
  };
  try {
    await registerNodes(api, nodes);
    if (options.crd !== false) await applyCrd(api);
  } catch (error) {
    await cluster.stop(0);
    throw error;
  }
  return cluster;
}

/** The API server's certificate, which it writes into the kubeconfig: it is self-signed. */
async function readCa(kubeconfig: string): Promise<string> {
  const { clusters } = parse(await readFile(kubeconfig, 'utf8')) as {
    clusters: { cluster: { 'certificate-authority-data': string } }[];
  };
  return Buffer.from(clusters[0]?.cluster['certificate-authority-data'] ?? '', 'base64').toString();
}

/** Creates the LoadBalancerPolicy kind, and waits until the server serves it. @returns false: it existed before */
export async function applyCrd(api: Api): Promise<boolean> {
  const crd = parse(await readFile(CRD, 'utf8')) as object;
  const created = await api.create(CRD_PATH, crd).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 409) return false;
      throw error;
    },
  );
  await until('the LoadBalancerPolicy kind is served', 10_000, () =>
    api.find('/apis/outrigger.dev/v1alpha1/loadbalancerpolicies'),
  );
  return created;
}

/** Calls `ask` every 20 ms until its result is neither undefined nor false. @throws Error naming `what` after `ms`. */
export async function until<T>(
  what: string,
  ms: number,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
