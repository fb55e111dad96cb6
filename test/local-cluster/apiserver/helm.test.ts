/** The real helm, and what kubectl sends as protobuf, against this server. Nothing runs here: no controllers, no pods. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ensureHelm, ensureKubectl } from '../../../scripts/tools.ts';
import { asArray, asString, at } from './json.ts';
import type { JsonObject } from './json.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { writeChart } from './test-chart.ts';
import { TestServer } from './testing.ts';

const run = promisify(execFile);
const tools = await Promise.all([ensureHelm(), ensureKubectl()]).catch((error: unknown) => error as Error);
const skip = tools instanceof Error ? tools.message : false;

const SHOP = '/api/v1/namespaces/shop';
const OBJECTS = [
  `${SHOP}/configmaps/demo`,
  `${SHOP}/serviceaccounts/demo`,
  `${SHOP}/services/demo`,
  '/apis/apps/v1/namespaces/shop/deployments/demo',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/demo',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/demo',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles/demo:reader',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/demo:reader',
  '/apis/policy/v1/namespaces/shop/poddisruptionbudgets/demo',
  '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/demo',
  '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/demo',
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/demo',
];
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.org';
const MONITORS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'podmonitors.monitoring.coreos.com' },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { plural: 'podmonitors', kind: 'PodMonitor' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

describe('helm', { skip }, () => {
  let server: TestServer;
  let kubeconfig = '';
  let chart = '';
  before(async () => {
    server = await TestServer.start({ tls: true });
    kubeconfig = path.join(server.stateDir, 'kubeconfig');
    const { url, token, certificate } = server;
    writeKubeconfig(kubeconfig, { server: url, token, ...(certificate === undefined ? {} : { certificate }) });
    chart = writeChart(server.stateDir);
  });
  after(() => server.close());

  async function tool(file: string | undefined, args: readonly string[]): Promise<string> {
    const env = { PATH: process.env['PATH'], HOME: server.stateDir, KUBECONFIG: kubeconfig };
    return (await run(file ?? '', args, { env, timeout: 60_000 })).stdout;
  }
  const [helmFile, kubectlFile] = tools instanceof Error ? [] : tools;
  const helm = (...args: string[]) => tool(helmFile, [...args, '--namespace', 'shop']);
  const get = async (url: string) => (await server.request('GET', url)).body as JsonObject;
  const colour = async () => at(await get(`${SHOP}/configmaps/demo`), 'data', 'colour');

  it('has a namespace that kubectl created by protobuf', async () => {
    assert.match(await tool(kubectlFile, ['create', 'namespace', 'shop']), /namespace\/shop created/);
    const { metadata, status } = await get(SHOP);
    assert.deepEqual(at(metadata, 'labels'), { 'kubernetes.io/metadata.name': 'shop' });
    assert.deepEqual(status, { phase: 'Active' });
    await assert.rejects(tool(kubectlFile, ['create', 'namespace', 'shop']), /AlreadyExists/);
  });

  it('installs every kind of the chart, and keeps the release in a Secret', async () => {
    assert.match(await helm('install', 'demo', chart), /STATUS: deployed/);
    for (const url of [...OBJECTS, CRD]) assert.equal((await server.request('GET', url)).status, 200, url);
    const secrets = asArray((await get(`${SHOP}/secrets?labelSelector=owner%3Dhelm`))['items']);
    assert.equal(secrets.length, 1);
    assert.equal(at(secrets[0], 'type'), 'helm.sh/release.v1');
    assert.equal(at(secrets[0], 'metadata', 'labels', 'status'), 'deployed');
    const release = Buffer.from(asString(at(secrets[0], 'data', 'release')), 'base64').toString();
    assert.match(release, /^H4sI/, 'the packed release arrives unchanged');
  });

  it('upgrades, and rolls back', async () => {
    assert.match(await helm('upgrade', 'demo', chart, '--set', 'colour=blue', '--set', 'replicas=2'), /REVISION: 2/);
    assert.equal(await colour(), 'blue');
    assert.match(await helm('rollback', 'demo', '1'), /success/);
    assert.equal(await colour(), 'red');
    assert.match(await helm('list'), /demo\s+shop\s+3\s.*deployed/);
    assert.match(await helm('status', 'demo'), /v1\/Deployment\nNAME .*\ndemo +0\/1/);
    assert.match(await helm('history', 'demo'), /superseded[\s\S]*Rollback to 1/);
  });

  it('gets the refusals of a real server', async () => {
    await assert.rejects(helm('upgrade', 'demo', chart, '--set', 'webhook=wrong'), /three segments separated by dots/);
    const misspelt = helm('upgrade', 'demo', chart, '--set', 'imageField=imege');
    await assert.rejects(misspelt, /\.spec\.template\.spec\.containers\[0\]\.imege: field not declared in schema/);
    await assert.rejects(helm('install', 'demo', chart), /cannot reuse a name/);
  });

  it('renders objects of an optional kind only where the kind exists', async () => {
    const monitor = '/apis/monitoring.coreos.com/v1/namespaces/shop/podmonitors/demo';
    assert.equal((await server.request('GET', monitor)).status, 404);
    await server.createKind(MONITORS);
    await helm('upgrade', 'demo', chart);
    assert.equal((await server.request('GET', monitor)).status, 200);
  });

  it('uninstalls everything except what is to be kept', async () => {
    await helm('uninstall', 'demo');
    for (const url of OBJECTS) assert.equal((await server.request('GET', url)).status, 404, url);
    assert.equal((await server.request('GET', CRD)).status, 200);
    assert.deepEqual(asArray((await get(`${SHOP}/secrets`))['items']), []);
  });
});
