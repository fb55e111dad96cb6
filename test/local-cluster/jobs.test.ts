/** Jobs with real pods, by the real kubectl and as hooks of the real helm. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';
import { ensureHelm, ensureKubectl } from '../../scripts/tools.ts';
import { startCluster, until, type Cluster } from './cluster.ts';
import type { Job } from './job-step.ts';
import type { Pod } from './pod-types.ts';

const tools = await Promise.all([ensureHelm(), ensureKubectl()]).catch((error: unknown) => error as Error);
const skip = tools instanceof Error ? tools.message : false;
const [helmFile = '', kubectlFile = ''] = tools instanceof Error ? [] : tools;
const NAMESPACE = '/api/v1/namespaces/default';
const JOBS = '/apis/batch/v1/namespaces/default/jobs';

let stateDir: string;
let cluster: Cluster;
before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'outrigger-jobs-'));
  cluster = await startCluster({ stateDir });
});
after(async () => {
  await cluster.stop(0);
  await rm(stateDir, { recursive: true });
});

async function run(file: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: stateDir, KUBECONFIG: cluster.kubeconfigPath };
  return (await promisify(execFile)(file, args, { env, timeout: 60_000 })).stdout;
}
const helm = (...args: string[]) => run(helmFile, ...args);
const kubectl = (...args: string[]) => run(kubectlFile, ...args);
const listPods = async () => (await cluster.api.get<{ items: Pod[] }>(`${NAMESPACE}/pods`)).items;

/** A Job whose program exits with this code after 100 ms. */
const exiting = (name: string, code: number, more: object = {}, pod: object = {}) => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name } },
  spec: {
    ...more,
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'c', image: 'none', command: ['node', '-e', `setTimeout(() => process.exit(${code}), 100)`] }],
        ...pod,
      },
    },
  },
});

test('a Job runs its pod once, is complete when the pod has succeeded, and is deleted with it', { skip }, async () => {
  await cluster.api.create(JOBS, exiting('good', 0));
  await kubectl('wait', '--for=condition=complete', 'job/good', '--timeout=20s');
  const [pod, ...others] = await listPods();
  assert.deepEqual(others, []);
  assert.match(pod?.metadata.name ?? '', /^good-[a-z0-9]{5}$/);
  assert.equal(pod?.status?.phase, 'Succeeded');
  assert.match(await kubectl('get', 'pods'), /good-\w+ +0\/1 +Completed +0/);
  assert.match(await kubectl('get', 'jobs'), /good +Complete +1\/1/);
  assert.equal(
    (await kubectl('get', 'pods', '--selector', 'batch.kubernetes.io/job-name=good', '--output', 'name')).trim(),
    `pod/${pod?.metadata.name}`,
  );
  await kubectl('delete', 'job', 'good', '--timeout=20s');
  await until('the pod is gone', 10_000, async () => (await listPods()).length === 0);
});

test('a Job whose pods fail has failed after backoffLimit further ones', { skip }, async () => {
  await cluster.api.create(JOBS, exiting('bad', 3, { backoffLimit: 1 }));
  await kubectl('wait', '--for=condition=failed', 'job/bad', '--timeout=20s');
  assert.deepEqual(
    (await listPods()).map(({ status }) => status?.phase),
    ['Failed', 'Failed'],
  );
  const { status } = await cluster.api.get<Job>(`${JOBS}/bad`);
  assert.deepEqual([status?.failed, status?.conditions?.at(-1)?.reason], [2, 'BackoffLimitExceeded']);
  await kubectl('delete', 'job', 'bad', '--timeout=20s');
});

test('a pod that never starts is ended by the deadline of its Job', { skip }, async () => {
  await cluster.api.create(JOBS, exiting('stuck', 0, { activeDeadlineSeconds: 1 }, { serviceAccountName: 'missing' }));
  await kubectl('wait', '--for=condition=failed', 'job/stuck', '--timeout=20s');
  const { status } = await cluster.api.get<Job>(`${JOBS}/stuck`);
  assert.equal(status?.conditions?.at(-1)?.reason, 'DeadlineExceeded');
  await until('the pod is gone', 10_000, async () =>
    (await listPods()).every(({ metadata }) => !metadata.name.startsWith('stuck')),
  );
  await kubectl('delete', 'job', 'stuck', '--timeout=20s');
});

test('with OnFailure the container is started again in the same pod', { skip }, async () => {
  const command = ['sh', '-c', '[ -e /data/again ] || { touch /data/again; exit 1; }'];
  const pod = {
    restartPolicy: 'OnFailure',
    containers: [{ name: 'c', image: 'none', command, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [{ name: 'data', emptyDir: {} }],
  };
  await cluster.api.create(JOBS, exiting('second', 0, { backoffLimit: 0 }, pod));
  await kubectl('wait', '--for=condition=complete', 'job/second', '--timeout=20s');
  assert.match(await kubectl('get', 'pods'), /second-\w+ +0\/1 +Completed +1/);
  await kubectl('delete', 'job', 'second', '--timeout=20s');
});

/** A chart with one object, and a Job of `code` that helm runs before it deletes the object. */
async function chartWithHook(): Promise<string> {
  const chart = join(stateDir, 'hooked');
  await mkdir(join(chart, 'templates'), { recursive: true });
  const job = exiting('hook', 0, { backoffLimit: 0 });
  const annotations = {
    'helm.sh/hook': 'pre-delete',
    'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded,hook-failed',
  };
  const hook = JSON.stringify({ ...job, metadata: { ...job.metadata, annotations } });
  await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: hooked\nversion: 0.1.0\n');
  await writeFile(join(chart, 'values.yaml'), 'code: 0\n');
  await writeFile(join(chart, 'templates/hook.yaml'), hook.replace('exit(0)', 'exit({{ .Values.code }})'));
  await writeFile(join(chart, 'templates/kept.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}\n');
  return chart;
}

test(
  'helm runs a Job as a hook, and waits for it; when it fails, the release stays until it is uninstalled without hooks',
  { skip },
  async () => {
    const chart = await chartWithHook();
    await helm('install', 'hooked', chart);
    assert.match(await helm('uninstall', 'hooked', '--timeout', '20s'), /uninstalled/);
    assert.equal(await cluster.api.find(`${NAMESPACE}/configmaps/kept`), undefined);

    await helm('install', 'hooked', chart, '--set', 'code=3');
    await assert.rejects(helm('uninstall', 'hooked', '--timeout', '20s'), /Job\/default\/hook not ready\. status: Failed/);
    assert.ok(await cluster.api.find(`${NAMESPACE}/configmaps/kept`));
    assert.match(await helm('uninstall', 'hooked', '--no-hooks'), /uninstalled/);
    assert.equal(await cluster.api.find(`${JOBS}/hook`), undefined);
    await until('the pods of the hooks are gone', 10_000, async () => (await listPods()).length === 0);
  },
);
