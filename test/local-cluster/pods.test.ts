/** What a pod of a chart uses: a service account, a ConfigMap, a sidecar. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { readCalls } from './calls.ts';
import { startCluster, until, type Cluster } from './cluster.ts';
import type { Pod } from './pod-types.ts';

const NAMESPACE = '/api/v1/namespaces/default';
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';

/** Lists ConfigMaps, then tries to list Secrets, with the kubeconfig that KUBECONFIG names; prints both statuses and the mounted file. */
const PROGRAM = `
  const fs = require('fs');
  const { clusters, users, contexts } = JSON.parse(fs.readFileSync(process.env.KUBECONFIG));
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const ask = (plural) => new Promise((resolve) => require('https').get(server + '/api/v1/namespaces/' + contexts[0].context.namespace + '/' + plural,
    { ca: Buffer.from(ca, 'base64'), headers: { authorization: 'Bearer ' + users[0].user.token } }, (response) => resolve(response.resume().statusCode)));
  Promise.all([ask('configmaps'), ask('secrets')]).then((codes) => console.log(codes.join(), fs.readFileSync('/etc/app/colour', 'utf8'), fs.readdirSync('/etc/app').join()));
  setInterval(() => undefined, 1000);`;

let stateDir: string;
let cluster: Cluster;
before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'outrigger-pods-'));
  cluster = await startCluster({ stateDir });
});
after(async () => {
  await cluster.stop(0);
  await rm(stateDir, { recursive: true });
});

const find = (name: string) => cluster.api.find<Pod>(`${NAMESPACE}/pods/${name}`);
const status = async (name: string) => JSON.stringify((await find(name))?.status ?? {});

test('a pod waits for its service account and its ConfigMap, then calls the API server with a token of its own', async () => {
  const { api } = cluster;
  const volumes = [{ name: 'app', configMap: { name: 'app', items: [{ key: 'colour', path: 'colour' }] } }];
  const container = {
    ...{ name: 'c', image: 'none', command: ['node', '-e', PROGRAM] },
    volumeMounts: [{ name: 'app', mountPath: '/etc/app' }],
  };
  const spec = { serviceAccountName: 'reader', containers: [container], volumes };
  await api.create(`${NAMESPACE}/pods`, { metadata: { name: 'reader' }, spec });
  await until('it is being created', 10_000, async () => (await status('reader')).includes('ContainerCreating'));
  await api.create(`${NAMESPACE}/configmaps`, { metadata: { name: 'app' }, data: { colour: 'red', other: 'x' } });
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
  await api.create(`${RBAC}/roles`, { metadata: { name: 'reader' }, rules });
  await api.create(`${RBAC}/rolebindings`, {
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }],
  });
  assert.equal(cluster.pods.pid('default', 'reader'), undefined);
  await api.create(`${NAMESPACE}/serviceaccounts`, { metadata: { name: 'reader' } });
  const log = () => readFile(join(cluster.logs, 'default_reader_c.log'), 'utf8').catch(() => '');
  await until('it has called', 10_000, async () => (await log()) === '200,403 red colour\n');
  const call = { serviceAccount: 'default:reader', verb: 'list', apiGroup: '', namespace: 'default', name: '' };
  const byResource = (await readCalls(cluster.auditLog)).toSorted((a, b) => a.resource.localeCompare(b.resource));
  assert.deepEqual(byResource, [
    { ...call, resource: 'configmaps', allowed: true },
    { ...call, resource: 'secrets', allowed: false },
  ]);

  const mounted = async () => join(stateDir, 'pods', (await find('reader'))?.metadata.uid ?? '', 'app', 'colour');
  await api.patch(`${NAMESPACE}/configmaps/app`, { data: { colour: 'blue' } });
  await until('the file is updated', 5_000, async () => (await readFile(await mounted(), 'utf8')) === 'blue');

  const uid = (await find('reader'))?.metadata.uid ?? '';
  const file = join(stateDir, 'pods', uid, '.kubeconfig');
  assert.ok(existsSync(file));
  await api.delete(`${NAMESPACE}/pods/reader`, { gracePeriodSeconds: 0 });
  await until('the token is gone with the pod', 5_000, () => !existsSync(file));
});

test('the status contains the sidecar, and the pod is ready when the sidecar is ready too', async () => {
  const backend = (name: string, port: number, more: object) => ({
    ...{ name, image: 'outrigger/sample-backend', args: ['--bind', '$(POD_IP)', '--port', String(port), '--linger-ms', '0'] },
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    ...more,
  });
  const probe = (port: number) => ({ httpGet: { path: '/healthz', port }, periodSeconds: 1, failureThreshold: 30 });
  const spec = {
    terminationGracePeriodSeconds: 2,
    initContainers: [
      backend('sidecar', 9901, { restartPolicy: 'Always', startupProbe: probe(9901), readinessProbe: probe(9901) }),
    ],
    containers: [backend('main', 8080, { readinessProbe: probe(8080) })],
  };
  const seen = new Set<string>();
  await cluster.api.create(`${NAMESPACE}/pods`, { metadata: { name: 'both' }, spec });
  const ready = await until('it is ready', 15_000, async () => {
    const pod = await find('both');
    const value = (type: string) => pod?.status?.conditions?.find((one) => one.type === type)?.status;
    seen.add(`${pod?.status?.phase} ${value('Initialized')}`);
    return value('Ready') === 'True' && pod;
  });
  assert.ok(seen.has('Pending False') && seen.has('Running True'), [...seen].join());
  const { initContainerStatuses, containerStatuses } = ready.status as unknown as Record<
    string,
    { name: string; started: boolean }[]
  >;
  assert.deepEqual(
    [...(initContainerStatuses ?? []), ...(containerStatuses ?? [])].map(({ name, started }) => [name, started]),
    [
      ['sidecar', true],
      ['main', true],
    ],
  );
  await cluster.api.delete(`${NAMESPACE}/pods/both`);
  await until('it is gone', 5_000, async () => (await find('both')) === undefined);
});
