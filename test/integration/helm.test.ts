/**
 * The chart by the real helm: installed, uninstalled, upgraded from the previous version under load, rolled back; and its roles compared
 * with the calls to the API server.
 */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { render, whyNoHelm } from '../install/helm.ts';
import type { ServiceAccountCall } from '../local-cluster/calls.ts';
import { until } from '../local-cluster/cluster.ts';
import { backendPod } from '../local-cluster/manifests.ts';
import { CHART } from './helm.ts';
import { namespacePath, podPath, policy, policyPath, type RunPod } from './objects.ts';
import { grantedTo, needed } from './permissions.ts';
import { external } from './platform.ts';
import { CONDITION_MS, Release, SECRET_PATH, SYSTEM, VALUES, type Secret } from './release.ts';
import { ServiceLoad } from './service-load.ts';

const FIRST_REQUEST_MS = 20_000;
const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/loadbalancerpolicies.outrigger.dev';
const OPERATOR = `${SYSTEM}:outrigger-operator`;
const WAIT = ['--wait', '--timeout', '60s'] as const;

const skip = external.ownCluster || whyNoHelm;
let release: Release;
/** YAML of the policy in the chart's notes. */
let firstPolicy: string;
before(async () => {
  if (skip !== false) return;
  release = await Release.prepare();
  // The certificate Secret of an earlier installation is empty: the operator fills it.
  const certificate = { metadata: { name: 'outrigger-webhook-certificate' } };
  await release.cluster.api.create(`${namespacePath(SYSTEM)}/secrets`, certificate);
});
after(async () => {
  if (skip === false) await release.stop();
});

test('from helm install to the first proxied request, as its notes say', { skip }, async (t) => {
  const began = performance.now();
  const notes = await release.helm('install', 'outrigger', CHART, ...release.values);
  firstPolicy = (/kubectl apply -f - <<EOF\n(.*?)\n +EOF/s.exec(notes)?.[1] ?? '').replace(/^ {2}/gm, '');
  await release.must(['apply', '-f', '-'], firstPolicy);
  await until('a gateway answers', FIRST_REQUEST_MS, async () => {
    for (const { status } of await release.podsOf('gateway')) {
      const answer = await fetch(`http://${status?.podIP}:8080/`).catch(() => undefined);
      if (answer?.status === 200) return true;
    }
    return false;
  });
  const took = performance.now() - began;
  t.diagnostic(`first proxied request ${(took / 1000).toFixed(1)} s after helm install was called`);
  assert.ok(took < FIRST_REQUEST_MS, `${took} ms`);
  await release.must(['wait', '--for=condition=Ready', 'lbp/first-policy', '--timeout=30s']);
  // The other gateway may have become ready meanwhile: counts follow within 10 s.
  await release.must(['wait', '--for=jsonpath={.status.summary.proxies}=2/2', 'lbp/first-policy', '--timeout=30s']);
  assert.match(await release.must(['get', 'lbp']), /first-policy +True +LeastRequest +8080 +2\/2 +2\/2/);
  for (const name of ['operator', 'gateway']) {
    await release.must(['--namespace', SYSTEM, 'rollout', 'status', `deployment/outrigger-${name}`, '--timeout=30s']);
  }
});

test(
  'labelled Pods get a sidecar that serves the policies of their namespace; those of the release do not',
  { skip },
  async () => {
    const { api } = release.cluster;
    await release.treasures();
    const through = { proxies: { type: 'Sidecar' }, listener: { port: 9000 }, backendRefs: [{ name: 'echo', port: 80 }] };
    await api.create(policyPath('default'), policy('sidecars', through));
    for (const namespace of ['default', SYSTEM]) {
      const pod = backendPod('app', namespace, 'app') as { metadata: { labels: object } };
      const labels = { ...pod.metadata.labels, 'outrigger.dev/inject': 'true' };
      await api.create(podPath(namespace), { ...pod, metadata: { ...pod.metadata, labels } });
    }
    const containers = async (namespace: string) =>
      (await api.get<{ spec: { initContainers?: readonly { name: string }[] } }>(podPath(namespace, 'app'))).spec.initContainers;
    assert.equal((await containers('default'))?.[0]?.name, 'outrigger-proxy');
    assert.equal(await containers(SYSTEM), undefined);
    const { status } = await until('the application and its sidecar are ready', CONDITION_MS, async () => {
      const pod = await api.get<RunPod>(podPath('default', 'app'));
      return pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true && pod;
    });
    assert.match(await (await fetch(`http://${status?.podIP}:9000/`)).text(), /^hello from echo-[12]\n$/);
    for (const namespace of ['default', SYSTEM]) await api.delete(podPath(namespace, 'app'), { gracePeriodSeconds: 0 });
    await api.delete(policyPath('default', 'sidecars'));
  },
);

test('the roles allow exactly the calls that were made to the API server', { skip }, async () => {
  // Rare operations: rotating the key, and having no listener.
  await release.must(['--namespace', SYSTEM, 'annotate', 'secret', 'outrigger-signing-key', 'outrigger.dev/rotate=now']);
  await release.cluster.api.delete(policyPath('default', 'first-policy'));
  await release.untilServiceIsGone();

  const objects = render({ values: VALUES });
  const granted = grantedTo(OPERATOR, objects);
  assert.ok(granted.size > 20);
  assert.deepEqual(grantedTo(`${SYSTEM}:outrigger-gateway`, objects), new Set());
  let unused: readonly string[] = [];
  await until('every right was used', CONDITION_MS, async () => {
    const used = new Set((await release.calls()).flatMap(needed));
    unused = [...granted].filter((right) => !used.has(right));
    return unused.length === 0;
  }).catch(() => undefined);
  assert.deepEqual(unused, [], 'granted, and never used');
  const isGranted = (call: ServiceAccountCall) => needed(call).some((right) => granted.has(right));
  const beyond = (await release.calls()).filter((call) => call.serviceAccount !== OPERATOR || !isGranted(call));
  assert.deepEqual(beyond, [], 'called, and not granted by the chart');
  assert.deepEqual(await release.refused(), [], 'called, and refused');
  await until('the key is rotated', CONDITION_MS, async () => {
    const { data, metadata } = await release.cluster.api.get<Secret>(SECRET_PATH);
    return !('next.pem' in data) && metadata.annotations?.['outrigger.dev/rotate'] === undefined;
  });
});

test('uninstalling keeps the resource, the policies and the key; a new installation uses them', { skip }, async () => {
  const { api } = release.cluster;
  await release.must(['apply', '-f', '-'], firstPolicy);
  await release.untilProgrammed();
  const kept = await api.get<Secret>(SECRET_PATH);
  await release.helm('uninstall', 'outrigger');
  await until('the pods are gone', CONDITION_MS, async () => (await release.pods()).size === 0);
  await release.untilServiceIsGone(); // with its Deployment
  assert.ok(await api.find(CRD_PATH));
  assert.ok(await api.find(policyPath('default', 'first-policy')));
  assert.deepEqual(await api.get(SECRET_PATH), kept);

  await release.helm('install', 'outrigger', release.previous, ...release.values, ...WAIT);
  await release.untilProgrammed();
  assert.deepEqual((await api.get<Secret>(SECRET_PATH)).data, kept.data);
});

/** Every pod is replaced, no request fails meanwhile, and keys and certificates stay. */
async function underLoad(t: TestContext, what: string, change: () => Promise<unknown>): Promise<void> {
  const before = await release.treasures();
  const old = await release.pods();
  const load = new ServiceLoad(release.cluster.api, SYSTEM, 'outrigger-gateway');
  await load.start();
  try {
    await change();
    await release.untilProgrammed();
    await until('the previous pods are gone', CONDITION_MS, async () => ![...(await release.pods())].some((uid) => old.has(uid)));
  } finally {
    await load.stop();
  }
  t.diagnostic(`${what}: ${load.sent} requests over ${load.used.size} gateways, ${load.failed.length} failed`);
  assert.deepEqual(load.failed, []);
  assert.ok(load.sent > 100 && load.used.size >= 4, `${load.sent} requests over ${[...load.used].join(', ')}`);
  assert.deepEqual(await release.treasures(), before);
}

test(
  'an upgrade from the previous version applies the new defaults, keeps the keys and fails no request',
  { skip },
  async (t) => {
    assert.ok((await release.flags()).includes('--max-connections=5000'));
    await underLoad(t, 'upgrade', () => release.helm('upgrade', 'outrigger', CHART, '--reset-then-reuse-values', ...WAIT));
    assert.ok(!(await release.flags()).includes('--max-connections=5000'));
    assert.match(await release.helm('list'), /outrigger-0\.1\.0/);
  },
);

test('a rollback restores the defaults and fails no request', { skip }, async (t) => {
  await underLoad(t, 'rollback', () => release.helm('rollback', 'outrigger', ...WAIT));
  assert.ok((await release.flags()).includes('--max-connections=5000'));
  assert.match(await release.helm('list'), /outrigger-0\.0\.9/);
  assert.deepEqual(await release.refused(), [], 'called, and refused');
});
