/** `helm --wait` of charts with policies, by the real helm: what succeeds, what fails at once, and what fails when its time is over. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { whyNoHelm } from '../install/helm.ts';
import { writeAppChart } from './app-chart.ts';
import { until } from '../local-cluster/cluster.ts';
import { ask } from './client.ts';
import { Harness } from './harness.ts';
import { helmFor, type Helm } from './helm.ts';
import { policyPath } from './objects.ts';
import { external } from './platform.ts';

const skip = external.ownCluster || whyNoHelm;
let harness: Harness;
let folder: string;
let chart: string;
let helm: Helm;
before(async () => {
  if (skip !== false) return;
  harness = await Harness.start();
  folder = await mkdtemp(join(tmpdir(), 'outrigger-helm-wait-'));
  chart = await writeAppChart(folder);
  helm = await helmFor(harness.platform.kubeconfig, harness.namespace, folder);
});
after(async () => {
  if (skip !== false) return;
  await harness.stop();
  await rm(folder, { recursive: true });
});

const wait = (seconds: number) => ['--wait', '--timeout', `${seconds}s`];
const set = (values: string) => ['--set', values];
const readyOf = async (name: string) => (await harness.policy(name)).status?.conditions?.find(({ type }) => type === 'Ready');
const answers = (port: number) =>
  harness.onEachGateway('answers', async (gateway) => (await ask(gateway.url(port))).status === 200);

test('an installation is done when the policy is Ready, and its requests are answered', { skip }, async () => {
  await helm('install', 'web', chart, ...set('port=9101'), ...wait(60));
  assert.equal((await readyOf('web'))?.status, 'True');
  for (const gateway of harness.gateways) assert.equal((await ask(gateway.url(9101))).status, 200);
});

test('everything else is there, but no endpoint: helm waits until there is one', { skip }, async () => {
  let done = false;
  const installing = helm('install', 'late', chart, ...set('port=9102,replicas=0'), ...wait(90)).finally(() => (done = true));
  await until('the policy is there', 30_000, () => harness.api.find(policyPath(harness.namespace, 'late')));
  await harness.untilCondition('late', 'Programmed', 'True');
  await harness.untilCondition('late', 'Ready', 'False', 'NoEndpoints');
  assert.equal(done, false);
  assert.equal((await harness.kubectl(['scale', 'deployment', 'late', '--replicas=1'])).code, 0);
  await installing;
  assert.equal((await readyOf('late'))?.status, 'True');
  await answers(9102);
});

test(
  'without endpoints an installation fails when its time is over, and says why; idle on purpose it succeeds',
  { skip },
  async () => {
    const failed = helm('install', 'none', chart, ...set('port=9103,replicas=0'), ...wait(5));
    await assert.rejects(
      failed,
      /LoadBalancerPolicy\/\S+\/none not ready\. status: InProgress, message: .*none selects no Pod[^]*deadline exceeded/,
    );
    await helm('install', 'idle', chart, ...set('port=9104,replicas=0,idle=true'), ...wait(60));
    assert.equal((await readyOf('idle'))?.reason, 'Idle');
  },
);

test('a policy that is not accepted makes an installation fail at once, with the reason', { skip }, async () => {
  const failed = await helm('install', 'conflict', chart, ...set('port=9101'), ...wait(100)).catch(
    (error: unknown) => error as Error,
  );
  assert.ok(failed instanceof Error);
  assert.match(failed.message, /LoadBalancerPolicy\/\S+\/conflict not ready\. status: Failed, message: .*\/web/);
  assert.doesNotMatch(failed.message, /deadline exceeded/);
  await harness.untilCondition('conflict', 'Stalled', 'True');
});

test('an upgrade to a policy that is not accepted is rolled back, and the former one serves', { skip }, async () => {
  await helm('install', 'moved', chart, ...set('port=9105'), ...wait(60));
  const upgrade = ['upgrade', 'moved', chart, ...set('port=9101'), '--rollback-on-failure', '--timeout', '100s'];
  await assert.rejects(helm(...upgrade), /rolled back due to rollback-on-failure[^]*status: Failed, message: .*\/web/);
  assert.match(await helm('history', 'moved'), /failed[^\n]*status: Failed[^]*deployed[^\n]*Rollback to 1/);
  assert.equal((await harness.policy('moved')).spec.listener?.port, 9105);
  // The rollback waited, too.
  assert.equal((await readyOf('moved'))?.status, 'True');
  await answers(9105);
});
