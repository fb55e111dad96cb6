/** A namespace with policies that is deleted: the operator says nothing about what goes with it. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import type { ApiObject } from '../local-cluster/api.ts';
import { ask } from './client.ts';
import { Harness } from './harness.ts';
import {
  backendPod,
  endpointSlice,
  namespacePath,
  podPath,
  policy,
  policyPath,
  service,
  servicePath,
  slicePath,
} from './objects.ts';
import type { Policy } from './objects.ts';
import { createPod } from './outrigger.ts';

const POLICIES = 20;
const FIRST_PORT = 8380;
const WAIT_MS = 30_000;
/** Level of a line of the log. */
const WARNINGS: ReadonlySet<string> = new Set(['warn', 'error', 'fatal']);
const HOLD = 'outrigger.dev/hold';

let harness: Harness;
before(async () => {
  harness = await Harness.start();
});
after(() => harness.stop());

const list = async <T extends ApiObject>(path: string) => (await harness.api.get<{ items: T[] }>(path)).items;

/** When the operator last heard of Namespaces. */
async function namespacesSeen(): Promise<string> {
  const metric = /^outrigger_operator_watch_last_event_timestamp_seconds\{kind="NamespaceMetadata"\} (\S+)$/m;
  return metric.exec(await harness.operator.metrics())?.[1] ?? 'never';
}

test('no status is written, no Event sent and nothing logged of policies whose namespace is being deleted', async (context) => {
  const { api, kubectl } = harness;
  const leaving = `${harness.namespace}-leaving`;
  await api.create(namespacePath(), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: leaving } });
  context.after(async () => {
    await api.patch(podPath(leaving, 'last'), { metadata: { finalizers: null } }).catch(() => undefined);
    await api.delete(namespacePath(leaving)).catch(() => undefined);
  });
  const [backend] = await harness.backends('web');
  await api.create(servicePath(leaving), service('web'));
  await api.create(slicePath(leaving), endpointSlice('web', leaving, [{ backend }]));
  // Pods go first, so this one keeps the namespace, and the policies, until the test has seen what it wants to see.
  const pod = backendPod('last');
  await createPod(api, leaving, { ...pod, metadata: { ...pod.metadata, finalizers: [HOLD] } });
  const names = Array.from({ length: POLICIES }, (_, i) => `p${i}`);
  for (const [i, name] of names.entries()) {
    const spec = { listener: { port: FIRST_PORT + i }, backendRefs: [{ name: 'web', port: 80 }] };
    await api.create(policyPath(leaving), policy(name, spec));
  }
  const programmed = ({ status }: Policy) =>
    status?.conditions?.some(({ type, status }) => type === 'Programmed' && status === 'True') === true;
  await until('all are programmed', WAIT_MS, async () => (await list<Policy>(policyPath(leaving))).every(programmed));
  const events = `/apis/events.k8s.io/v1/namespaces/${leaving}/events`;
  await until('their Events are there: Programmed and Ready', WAIT_MS, async () => (await list(events)).length === 2 * POLICIES);

  const seen = await namespacesSeen();
  const deleted = await kubectl(['delete', 'namespace', leaving, '--wait=false']);
  assert.equal(deleted.code, 0, deleted.err);
  await until('the operator knows', WAIT_MS, async () => (await namespacesSeen()) !== seen);
  const versions = (policies: readonly Policy[]) =>
    policies.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
  const before = versions(await list<Policy>(policyPath(leaving)));
  await api.delete(slicePath(leaving, 'web'));
  await api.delete(servicePath(leaving, 'web'));
  await harness.onEachGateway('the Service is gone', async (gateway) => (await ask(gateway.url(FIRST_PORT))).status === 503);
  // Statuses are written in the order in which they are due: this one is the last.
  await harness.publish('web', backend);
  await harness.apply('later', { listener: { port: FIRST_PORT + POLICIES }, backendRefs: [{ name: 'web', port: 80 }] });
  await harness.untilProgrammed('later');
  assert.deepEqual(versions(await list<Policy>(policyPath(leaving))), before, 'no status was written');

  await api.patch(podPath(leaving, 'last'), { metadata: { finalizers: null } });
  await until('the namespace is gone', WAIT_MS, async () => (await api.find(namespacePath(leaving))) === undefined);
  await harness.apply('last', { listener: { port: FIRST_PORT + POLICIES + 1 }, backendRefs: [{ name: 'web', port: 80 }] });
  await harness.untilProgrammed('last');
  const lines = (await harness.operator.log()).split('\n').filter((line) => line.endsWith('}'));
  const warnings = lines.filter((line) => WARNINGS.has((JSON.parse(line) as { level: string }).level) && line.includes(leaving));
  assert.deepEqual(warnings, [], 'nothing was refused');
});
