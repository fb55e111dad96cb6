import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { ApiObject } from './api.ts';
import { startCluster, until, type Cluster } from './cluster.ts';
import { create } from './create.ts';
import { backendPod, backendService } from './manifests.ts';
import type { Pod } from './pod-types.ts';

interface Slice extends ApiObject {
  readonly endpoints: readonly { readonly conditions: object; readonly targetRef: { readonly name: string } }[] | null;
  readonly ports: readonly object[];
}

let stateDir: string;
let cluster: Cluster;
before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'outrigger-cluster-'));
  cluster = await startCluster({ stateDir });
});
after(async () => {
  await cluster.stop(0);
  await rm(stateDir, { recursive: true });
});

const podPath = (name: string) => `/api/v1/namespaces/default/pods/${name}`;
const getPod = (name: string) => cluster.api.find<Pod>(podPath(name));
const condition = (pod: Pod | undefined, type: string) => pod?.status?.conditions?.find((each) => each.type === type)?.status;
const container = (pod: Pod | undefined) =>
  (pod?.status as { containerStatuses?: { restartCount: number; containerID: string }[] } | undefined)?.containerStatuses?.[0];
const untilReady = (name: string) =>
  until(`${name} is ready`, 10_000, async () => {
    const pod = await getPod(name);
    return condition(pod, 'Ready') === 'True' && pod;
  });

async function conditionsInSlice(service: string): Promise<Record<string, object>> {
  const slice = await cluster.api.find<Slice>(`/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/${service}-local`);
  return Object.fromEntries((slice?.endpoints ?? []).map(({ targetRef, conditions }) => [targetRef.name, conditions]));
}

test('the Node of its pods is Ready and in a zone', async () => {
  const { metadata, status } = await cluster.api.get<ApiObject & { status: { conditions: object[] } }>('/api/v1/nodes/local');
  assert.equal(metadata.labels?.['topology.kubernetes.io/zone'], 'local-a');
  assert.partialDeepStrictEqual(status.conditions, [{ type: 'Ready', status: 'True' }]);
});

test('pods run, answer on their own addresses, and are in the slice of their Service', async () => {
  await create(cluster.api, backendService('echo', 'default'));
  await Promise.all(['echo-1', 'echo-2'].map((name) => create(cluster.api, backendPod(name, 'default', 'echo'))));
  for (const name of ['echo-1', 'echo-2']) {
    const pod = await untilReady(name);
    assert.match(pod.status?.podIP ?? '', /^127\.1\.\d+\.\d+$/);
    assert.equal(pod.status?.phase, 'Running');
    const answer = await fetch(`http://${pod.status?.podIP}:8080/`);
    assert.equal(await answer.text(), `hello from ${name}\n`);
  }
  const ready = { ready: true, serving: true, terminating: false };
  await until('both are in the slice', 5_000, async () => {
    const found = await conditionsInSlice('echo');
    return JSON.stringify(found['echo-1']) === JSON.stringify(ready) && JSON.stringify(found['echo-2']) === JSON.stringify(ready);
  });
});

test('a crashed container is restarted under another id; the pod keeps its address and uid', async () => {
  await create(cluster.api, backendPod('crashing', 'default', 'crashing'));
  const first = await untilReady('crashing');
  process.kill(cluster.pods.pid('default', 'crashing') ?? 0, 'SIGKILL');
  const again = await until('restarted', 10_000, async () => {
    const pod = await getPod('crashing');
    return container(pod)?.restartCount === 1 && condition(pod, 'Ready') === 'True' && pod;
  });
  assert.equal(again.status?.podIP, first.status?.podIP);
  assert.equal(again.metadata.uid, first.metadata.uid);
  assert.notEqual(container(again)?.containerID, container(first)?.containerID);
});

test('a deleted pod is terminating but serving in its slice until its probe fails, then its process and object are gone', async () => {
  await create(cluster.api, backendService('leaving', 'default'));
  await create(cluster.api, backendPod('leaving-1', 'default', 'leaving'));
  await untilReady('leaving-1');
  const pid = cluster.pods.pid('default', 'leaving-1') ?? 0;
  await cluster.api.delete(podPath('leaving-1'));
  const seen = new Set<string>();
  await until('the object is gone', 10_000, async () => {
    for (const conditions of Object.values(await conditionsInSlice('leaving'))) seen.add(JSON.stringify(conditions));
    return (await getPod('leaving-1')) === undefined;
  });
  assert.ok(seen.has('{"ready":false,"serving":true,"terminating":true}'), [...seen].join());
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await until('the slice is empty', 5_000, async () => Object.keys(await conditionsInSlice('leaving')).length === 0);
});

test('a deletion without grace period ends a process that ignores SIGTERM for a while', async () => {
  await create(cluster.api, backendPod('forced', 'default', 'forced'));
  await untilReady('forced');
  const pid = cluster.pods.pid('default', 'forced') ?? 0;
  await cluster.api.delete(podPath('forced'), { gracePeriodSeconds: 0 });
  await until('the process is gone', 5_000, () => cluster.pods.pid('default', 'forced') === undefined);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('a pod waits for its Secret, then finds the selected keys at the mount path, and an emptyDir that survives a restart of the container', async () => {
  const script = `
    const fs = require('fs');
    fs.appendFileSync('/data/starts', 'x');
    console.log('secret:' + fs.readFileSync('/etc/trust/keys', 'utf8') + ' files:' + fs.readdirSync('/etc/trust') + ' starts:' + fs.readFileSync('/data/starts'));
    setInterval(() => undefined, 1000);`;
  const container = {
    name: 'c',
    image: 'none',
    command: ['node', '-e', script],
    volumeMounts: [
      { name: 'trust', mountPath: '/etc/trust' },
      { name: 'data', mountPath: '/data' },
    ],
  };
  const volumes = [
    { name: 'trust', secret: { secretName: 'late', items: [{ key: 'public', path: 'keys' }] } },
    { name: 'data', emptyDir: {} },
  ];
  const spec = { nodeName: 'local', containers: [container], volumes };
  await create(cluster.api, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reader', namespace: 'default' }, spec });
  await until(
    'it is being created',
    5_000,
    async () => (await getPod('reader'))?.status?.phase === 'Pending' && (await getPod('reader'))?.status?.podIP,
  );
  assert.equal(cluster.pods.pid('default', 'reader'), undefined);

  const data = { public: Buffer.from('PUBLIC').toString('base64'), private: Buffer.from('PRIVATE').toString('base64') };
  await cluster.api.create('/api/v1/namespaces/default/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'late' },
    data,
  });
  const log = () => readFile(join(cluster.logs, 'default_reader_c.log'), 'utf8').catch(() => '');
  await until('it has read the secret', 5_000, async () => (await log()).includes('secret:PUBLIC files:keys starts:x\n'));
  process.kill(cluster.pods.pid('default', 'reader') ?? 0, 'SIGKILL');
  await until('it found what it wrote before', 5_000, async () => (await log()).includes('starts:xx\n'));

  const { metadata } = (await getPod('reader')) as Pod;
  assert.ok(existsSync(join(stateDir, 'pods', metadata.uid)));
  await cluster.api.delete(podPath('reader'), { gracePeriodSeconds: 0 });
  await until('its volumes are gone', 5_000, () => !existsSync(join(stateDir, 'pods', metadata.uid)));
});

test('the status of a pod that cannot run gives the reason', async () => {
  const env = [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.hostname' } } }];
  const spec = { nodeName: 'local', containers: [{ name: 'c', image: 'none', command: ['node'], env }] };
  await create(cluster.api, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'wrong', namespace: 'default' }, spec });
  await until('the status gives the reason', 5_000, async () =>
    JSON.stringify((await getPod('wrong'))?.status).includes('spec.hostname is not supported'),
  );
});

test('pods of another scheduler that are bound to no Node are not run', async () => {
  const spec = { schedulerName: 'another', containers: [{ name: 'c', image: 'none', command: ['node'] }] };
  await create(cluster.api, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'unbound', namespace: 'default' }, spec });
  await create(cluster.api, backendPod('bound', 'default', 'bound'));
  await untilReady('bound'); // created later, so the runner has seen the other one
  assert.equal((await getPod('unbound'))?.status?.podIP, undefined);
});

test('pods keep running while the API server is killed; after its restart the runner catches up', async () => {
  const before = await untilReady('echo-1');
  const pid = cluster.pods.pid('default', 'echo-1');
  await cluster.apiServer.kill();
  await assert.rejects(cluster.api.get('/version'));
  assert.equal(await (await fetch(`http://${before.status?.podIP}:8080/`)).text(), 'hello from echo-1\n');
  process.kill(cluster.pods.pid('default', 'echo-2') ?? 0, 'SIGKILL'); // what happens meanwhile is reported later
  await cluster.apiServer.start();
  assert.equal((await getPod('echo-1'))?.metadata.uid, before.metadata.uid);
  await create(cluster.api, backendPod('echo-4', 'default', 'echo'));
  await untilReady('echo-4');
  await until('the restart is reported', 5_000, async () =>
    /"restartCount":1/.test(JSON.stringify((await getPod('echo-2'))?.status)),
  );
  assert.equal(cluster.pods.pid('default', 'echo-1'), pid);
  await until('the slice has three', 5_000, async () => Object.keys(await conditionsInSlice('echo')).length === 3);
});

test('a second cluster gets addresses of its own; stopping it leaves no process', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-cluster-'));
  const other = await startCluster({ stateDir: folder });
  t.after(async () => {
    await other.stop(0);
    await rm(folder, { recursive: true });
  });
  await create(other.api, backendPod('echo-1', 'default', 'echo'));
  const pod = await until('it is ready', 10_000, async () => {
    const found = await other.api.get<Pod>(podPath('echo-1'));
    return condition(found, 'Ready') === 'True' && found;
  });
  const mine = await untilReady('echo-1');
  const block = (address = '') => address.split('.').slice(0, 3).join('.');
  assert.notEqual(block(pod.status?.podIP), block(mine.status?.podIP));
  const pids = [other.pods.pid('default', 'echo-1'), other.apiServer.pid];
  await other.stop(5);
  for (const pid of pids) assert.throws(() => process.kill(pid ?? 0, 0), { code: 'ESRCH' });
});

test('a cluster whose parent process is killed leaves no process either', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-cluster-'));
  t.after(() => rm(folder, { recursive: true }));
  const program = `
    import { startCluster, until } from './test/local-cluster/cluster.ts';
    import { create } from './test/local-cluster/create.ts';
    import { backendPod } from './test/local-cluster/manifests.ts';
    const cluster = await startCluster({ stateDir: process.env.FOLDER });
    await create(cluster.api, backendPod('a', 'default', 'a'));
    const path = '/api/v1/namespaces/default/pods/a';
    await until('it is ready', 10_000, async () => JSON.stringify(await cluster.api.get(path)).includes('"ready":true'));
    console.log(cluster.pods.pid('default', 'a'), cluster.apiServer.pid);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(import.meta.dirname, '..', '..'),
    env: { ...process.env, FOLDER: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGKILL');
  for (const pid of line.toString().trim().split(' ').map(Number)) {
    assert.ok(pid > 0, line.toString());
    await until(`process ${pid} is gone`, 5_000, () => !existsSync(`/proc/${pid}`));
  }
});
