/** `helm uninstall` by the real helm: what the policies say afterwards, what stays, and how the next installation starts. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { render, whyNoHelm } from '../install/helm.ts';
import type { ApiObject } from '../local-cluster/api.ts';
import { until } from '../local-cluster/cluster.ts';
import { CHART } from './helm.ts';
import type { Lease } from './leading.ts';
import { leasePath, namespacePath, podPath, policy, policyPath, type Policy } from './objects.ts';
import { grantedTo, needed } from './permissions.ts';
import { external } from './platform.ts';
import { CONDITION_MS, Release, SYSTEM, VALUES } from './release.ts';

const WAIT = ['--wait', '--timeout', '60s'] as const;
const HOOK = `${SYSTEM}:outrigger-uninstall`;
const HOOK_KINDS = 'jobs,pods,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings';
const DEPLOYMENT = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/outrigger-operator`;
const SPECS = {
  'first-policy': { listener: { port: 8080 }, backendRefs: [{ name: 'echo', port: 80 }] },
  // In conflict with the one before: never accepted.
  second: { listener: { port: 8080 }, backendRefs: [{ name: 'echo', port: 80 }] },
  unresolved: { listener: { port: 8081 }, backendRefs: [{ name: 'missing', port: 80 }] },
};
const NAMES = Object.keys(SPECS);

const skip = external.ownCluster || whyNoHelm;
let release: Release;
before(async () => {
  if (skip === false) release = await Release.prepare();
});
after(async () => {
  if (skip === false) await release.stop();
});

interface Event extends ApiObject {
  readonly message: string;
}

const find = (name: string) => release.cluster.api.get<Policy>(policyPath('default', name));
const lease = () => release.cluster.api.get<Lease>(leasePath(SYSTEM));
const conditionsOf = ({ status }: Policy) =>
  (status?.conditions ?? []).map(({ type, status: state }) => `${type}=${state}`).sort();
const MARKED = ['Accepted=Unknown', 'Programmed=False', 'Ready=False', 'ResolvedRefs=Unknown'];
const podsAreGone = () => until('the pods are gone', CONDITION_MS, async () => (await release.pods()).size === 0);

/** Their messages. */
async function events(): Promise<readonly string[]> {
  const { items } = await release.cluster.api.get<{ items: readonly Event[] }>(`${namespacePath('default')}/events`);
  return items.map(({ message }) => message);
}

async function nothingOfTheHookStays(): Promise<void> {
  const selector = 'app.kubernetes.io/component=uninstall';
  await until('nothing of the hook is left', CONDITION_MS, async () => {
    return (await release.must(['--namespace', SYSTEM, 'get', HOOK_KINDS, '--selector', selector, '--output', 'name'])) === '';
  });
}

/** The log of the operator that holds the Lease, whose identity begins with its pod's name. */
async function leadersLog(): Promise<string> {
  const holder = await until('an operator leads', CONDITION_MS, async () => (await lease()).spec.holderIdentity || undefined);
  return readFile(join(release.cluster.logs, `${SYSTEM}_${holder.split('_')[0]}_operator.log`), 'utf8');
}

test('before anything is deleted the policies say that they are not served any more, without Events', { skip }, async () => {
  await release.helm('install', 'outrigger', CHART, ...release.values, ...WAIT);
  for (const name of NAMES) {
    await release.cluster.api.create(policyPath('default'), policy(name, SPECS[name as keyof typeof SPECS]));
    await until(`${name} has a status`, CONDITION_MS, async () => (await find(name)).status?.observedGeneration === 1);
  }
  await release.untilProgrammed();
  assert.ok(conditionsOf(await find('second')).includes('Stalled=True'));

  await release.helm('uninstall', 'outrigger');
  const marked = await Promise.all(NAMES.map(find));
  for (const one of marked) {
    assert.deepEqual(conditionsOf(one), MARKED, one.metadata.name);
    assert.equal(one.status?.observedGeneration, one.metadata.generation);
    for (const { reason, message, observedGeneration } of one.status?.conditions ?? []) {
      assert.deepEqual([reason, observedGeneration], ['OperatorUninstalled', one.metadata.generation]);
      assert.match(message, /^Outrigger was uninstalled: .* Install the chart again, or delete the policy\.$/);
    }
  }
  assert.match(await release.must(['get', 'lbp']), /first-policy +False +LeastRequest +8080 +0\/0 +0\/0/);
  await release.must(['wait', '--for=condition=Ready=False', 'lbp', '--all', '--timeout=1s']);
  await release.must(['wait', '--for=condition=Programmed=False', 'lbp/first-policy', '--timeout=1s']);
  await nothingOfTheHookStays();

  await podsAreGone();
  const versions = (policies: readonly Policy[]) => policies.map(({ metadata }) => metadata.resourceVersion);
  assert.deepEqual(versions(await Promise.all(NAMES.map(find))), versions(marked), 'written after the hook');
  assert.deepEqual(
    (await events()).filter((message) => /uninstall/i.test(message)),
    [],
  );
  assert.equal((await lease()).spec.holderIdentity, '');
});

test('the next operator leads at once, and the policies are served again', { skip }, async (t) => {
  const { spec } = await lease();
  const began = performance.now();
  await release.helm('install', 'outrigger', CHART, ...release.values, ...WAIT);
  await release.untilProgrammed();
  t.diagnostic(`the policy is programmed ${((performance.now() - began) / 1000).toFixed(1)} s after helm install was called`);
  assert.equal((await lease()).spec.leaseTransitions, Number(spec.leaseTransitions) + 1);
  assert.doesNotMatch(await leadersLog(), /standing by/, 'the leader waited for a Lease that someone held');
  await release.must(['wait', '--for=condition=Ready', 'lbp/first-policy', '--timeout=30s']);
});

test('an operator that was killed and cannot start again does not keep its Lease', { skip }, async () => {
  await release.must(['--namespace', SYSTEM, 'set', 'image', 'deployment/outrigger-operator', 'operator=outrigger/none:1']);
  for (const { metadata } of await release.podsOf('operator')) {
    await release.cluster.api.delete(podPath(SYSTEM, metadata.name), { gracePeriodSeconds: 0 });
  }
  assert.notEqual((await lease()).spec.holderIdentity, '');
  await release.helm('uninstall', 'outrigger');
  assert.equal((await lease()).spec.holderIdentity, '');
  assert.deepEqual(conditionsOf(await find('first-policy')), MARKED);
  await nothingOfTheHookStays();
  await podsAreGone();
});

test('the roles of the hook allow exactly the calls that it made', { skip }, async () => {
  const granted = grantedTo(HOOK, render({ values: VALUES }));
  const calls = (await release.calls()).filter(({ serviceAccount }) => serviceAccount === HOOK);
  assert.deepEqual(
    calls.filter((call) => !call.allowed || !needed(call).some((right) => granted.has(right))),
    [],
    'called, and not granted',
  );
  const used = new Set(calls.flatMap(needed));
  assert.deepEqual(
    [...granted].filter((right) => !used.has(right)),
    [],
    'granted, and never used',
  );
  assert.equal(granted.size, 6);
  assert.deepEqual(await release.refused(), [], 'no operator lost its permissions before it ended');
});

test('a hook that cannot run keeps the release; --no-hooks uninstalls it', { skip }, async () => {
  await release.helm('install', 'outrigger', CHART, ...release.values, '--set', 'images.operator.repository=outrigger/none');
  await assert.rejects(release.helm('uninstall', 'outrigger', '--timeout', '2s'), /outrigger-uninstall/);
  assert.ok(await release.cluster.api.find(DEPLOYMENT));
  await release.helm('uninstall', 'outrigger', '--no-hooks');
  await podsAreGone();
  await nothingOfTheHookStays();
});
