/** Deployments with real pods, by the real helm and kubectl. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';
import { ensureHelm, ensureKubectl } from '../../scripts/tools.ts';
import { writeChart } from './apiserver/test-chart.ts';
import { startCluster, until, type Cluster } from './cluster.ts';
import type { Pod } from './pod-types.ts';
import type { Deployment } from './rollout.ts';

const tools = await Promise.all([ensureHelm(), ensureKubectl()]).catch((error: unknown) => error as Error);
const skip = tools instanceof Error ? tools.message : false;
const [helmFile = '', kubectlFile = ''] = tools instanceof Error ? [] : tools;
const PODS = '/api/v1/namespaces/shop/pods';
const DEPLOYMENT = '/apis/apps/v1/namespaces/shop/deployments/demo';

let stateDir: string;
let chart: string;
let cluster: Cluster;
before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'outrigger-deployments-'));
  chart = writeChart(stateDir);
  cluster = await startCluster({ stateDir, nodes: { 'node-a': 'zone-a', 'node-b': 'zone-b' } });
});
after(async () => {
  await cluster.stop(0);
  await rm(stateDir, { recursive: true });
});

async function run(file: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: stateDir, KUBECONFIG: cluster.kubeconfigPath };
  return (await promisify(execFile)(file, [...args, '--namespace', 'shop'], { env, timeout: 60_000 })).stdout;
}
const helm = (...args: string[]) => run(helmFile, ...args);
const kubectl = (...args: string[]) => run(kubectlFile, ...args);
const listPods = async () => (await cluster.api.get<{ items: Pod[] }>(PODS)).items;
const live = async () => (await listPods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
const isReady = (pod: Pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

test(
  'helm install --wait returns when the pods are ready, each bound to a Node and owned by the Deployment',
  { skip },
  async () => {
    await helm('install', 'demo', chart, '--create-namespace', '--wait', '--timeout', '30s', '--set', 'replicas=2');
    const pods = await live();
    assert.equal(pods.length, 2);
    assert.ok(pods.every(isReady));
    const { metadata, status } = await cluster.api.get<Deployment>(DEPLOYMENT);
    for (const pod of pods) {
      assert.match(pod.metadata.name, /^demo-[a-z0-9]{5}$/);
      assert.deepEqual(
        pod.metadata.ownerReferences?.map(({ uid, controller }) => [uid, controller]),
        [[metadata.uid, true]],
      );
      assert.equal(pod.metadata.labels?.['topology.kubernetes.io/zone'], pod.spec.nodeName?.replace('node', 'zone'));
    }
    assert.deepEqual(new Set(pods.map(({ spec }) => spec.nodeName)), new Set(['node-a', 'node-b']));
    assert.equal(status?.availableReplicas, 2);
    assert.match(await kubectl('rollout', 'status', 'deployment/demo', '--timeout=20s'), /successfully rolled out/);
    assert.match(await kubectl('get', 'deployment', 'demo'), /demo +2\/2 +2 +2/);
  },
);

test('an upgrade replaces pods one by one, and never has fewer ready pods than wanted', { skip }, async () => {
  const before = new Set((await live()).map(({ metadata }) => metadata.uid));
  let [least, most] = [Infinity, 0];
  let watching = true;
  const watch = (async () => {
    while (watching) {
      const pods = await live();
      least = Math.min(least, pods.filter(isReady).length);
      most = Math.max(most, pods.length);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  await helm('upgrade', 'demo', chart, '--wait', '--timeout', '30s', '--set', 'replicas=2,colour=blue');
  watching = false;
  await watch;
  assert.deepEqual({ least, most }, { least: 2, most: 3 });
  const pods = await live();
  assert.equal(pods.length, 2);
  assert.ok(pods.every(({ metadata }) => metadata.annotations?.['colour'] === 'blue' && !before.has(metadata.uid)));
});

test('kubectl scale changes the number of pods', { skip }, async () => {
  assert.match(await kubectl('scale', 'deployment', 'demo', '--replicas=3', '--current-replicas=2'), /demo scaled/);
  await until('there are three', 10_000, async () => (await live()).filter(isReady).length === 3);
  await assert.rejects(
    kubectl('scale', 'deployment', 'demo', '--replicas=4', '--current-replicas=2'),
    /Expected replicas to be 2, was 3/,
  );
  await kubectl('scale', 'deployment', 'demo', '--replicas=2');
  await until('there are two', 10_000, async () => (await listPods()).length === 2);
});

test('a deleted pod is replaced', { skip }, async () => {
  const [gone] = await live();
  await kubectl('delete', 'pod', gone?.metadata.name ?? '', '--timeout=20s');
  await until('a new one is ready', 10_000, async () => {
    const pods = await live();
    return pods.length === 2 && pods.every(isReady) && !pods.some(({ metadata }) => metadata.uid === gone?.metadata.uid);
  });
});

test('a version that never becomes ready does not replace the old one, and a rollback ends the rollout', { skip }, async () => {
  const before = (await live()).map(({ metadata }) => metadata.uid).sort();
  const broken = { spec: { template: { spec: { containers: [{ name: 'c', image: 'outrigger/none:1' }] } } } };
  await cluster.api.patch(DEPLOYMENT, broken);
  await until('a pod of the new version exists', 10_000, async () => (await live()).length === 3);
  await assert.rejects(kubectl('rollout', 'status', 'deployment/demo', '--timeout=1s'), /timed out/);
  await helm('rollback', 'demo', '2', '--wait', '--timeout', '30s', '--force-conflicts');
  assert.deepEqual((await live()).map(({ metadata }) => metadata.uid).sort(), before);
});

test('kubectl delete --cascade=orphan leaves the pods; foreground waits for them', { skip }, async () => {
  await kubectl('delete', 'deployment', 'demo', '--cascade=orphan', '--timeout=20s');
  const orphans = await live();
  assert.deepEqual(
    orphans.map(({ metadata }) => metadata.ownerReferences ?? []),
    [[], []],
  );
  await kubectl('delete', 'pod', '--all', '--timeout=20s');
  await helm('upgrade', 'demo', chart, '--wait', '--timeout', '30s', '--set', 'replicas=1');
  await kubectl('delete', 'deployment', 'demo', '--cascade=foreground', '--timeout=20s');
  assert.deepEqual(await listPods(), []);
});

test('helm uninstall leaves no pod, slice, or process', { skip }, async () => {
  await helm('upgrade', 'demo', chart, '--wait', '--timeout', '30s');
  const [pod] = await live();
  const pid = cluster.pods.pid('shop', pod?.metadata.name ?? '') ?? 0;
  assert.ok(pid > 0);
  await helm('uninstall', 'demo');
  await until('everything is gone', 10_000, async () => {
    const slices = await cluster.api.get<{ items: object[] }>('/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices');
    return (await listPods()).length === 0 && slices.items.length === 0;
  });
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});
