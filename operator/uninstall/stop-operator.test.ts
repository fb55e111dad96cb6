import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { json, startTestServer, statusOf, type Received } from '../kube/test-server.ts';
import type { Lease } from '../leader/lease.ts';
import { leaseServer } from '../leader/testing.ts';
import { releaseLease, stopOperator } from './stop-operator.ts';

const SCALE = '/apis/apps/v1/namespaces/ns/deployments/op/scale';
const PODS = '/api/v1/namespaces/ns/pods';
const common = { namespace: 'ns', deployment: 'op', retry: { attempts: 3, base: 1, max: 1 }, now: () => 1000 };
const { signal } = new AbortController();

/** An API server on which the operator has as many Pods at each question as `pods` says; the last number stays. */
async function stopping(context: TestContext, pods: readonly number[], endWithin: number, scaled = 200) {
  let asked = 0;
  const server = await startTestServer(context, ({ path }: Received, response) => {
    if (path === SCALE) {
      const scale = { spec: { replicas: 0 }, status: { replicas: 2, selector: 'app=op' } };
      return json(response, scaled, scaled === 200 ? scale : statusOf(scaled, 'x'));
    }
    const count = pods[Math.min(asked, pods.length - 1)] ?? 0;
    asked += 1;
    json(response, 200, { items: Array.from({ length: count }, () => ({})) });
  });
  const { client, requests } = server;
  const left = await stopOperator({ ...common, client, signal, timing: { poll: 1, endWithin } });
  return { left, requests };
}

test('the Deployment is scaled to 0, and the Pods of its selector that still run are waited for', async (t) => {
  const { left, requests } = await stopping(t, [2, 2, 1, 0], 60_000);
  assert.equal(left, 0);
  const [scale, ...lists] = requests;
  assert.deepEqual([scale?.method, scale?.path, scale?.body], ['PATCH', SCALE, '{"spec":{"replicas":0}}']);
  assert.equal(scale?.headers['content-type'], 'application/merge-patch+json');
  assert.equal(lists.length, 4);
  for (const { method, path, query } of lists) {
    assert.deepEqual([method, path, query.get('labelSelector')], ['GET', PODS, 'app=op']);
    assert.equal(query.get('fieldSelector'), 'status.phase!=Succeeded,status.phase!=Failed');
  }
});

test('Pods that never end are waited for only so long, and counted', async (t) => {
  assert.equal((await stopping(t, [2, 1], 50)).left, 1);
});

test('without a Deployment there is nothing to wait for', async (t) => {
  const { left, requests } = await stopping(t, [5], 60_000, 404);
  assert.deepEqual([left, requests.length], [0, 1]);
});

test('what is refused is tried again, since new permissions take a moment, and fails in the end', async (t) => {
  const server = await startTestServer(t, (_request, response) => json(response, 403, statusOf(403, 'Forbidden')));
  await assert.rejects(stopOperator({ ...common, client: server.client, signal }), /Forbidden/);
  assert.equal(server.requests.length, common.retry.attempts);
});

const held = (holderIdentity: string): Lease => ({
  metadata: { name: 'outrigger-operator', annotations: { 'outrigger.dev/epoch': '9' } },
  spec: { holderIdentity, leaseDurationSeconds: 15, leaseTransitions: 3 },
});

test('a Lease that was left behind is released, and keeps its epoch', async () => {
  const server = leaseServer();
  server.store(held('someone'));
  await releaseLease({ ...common, client: server.client, signal });
  const { lease } = server.state;
  assert.equal(lease?.spec?.holderIdentity, '');
  assert.equal(lease.spec.leaseDurationSeconds, 1);
  assert.equal(lease.metadata.annotations?.['outrigger.dev/epoch'], '9');
});

test('a Lease without holder, and no Lease, are left alone', async () => {
  const server = leaseServer();
  await releaseLease({ ...common, client: server.client, signal });
  assert.equal(server.state.lease, undefined);
  server.store(held(''));
  const { writes } = server.state;
  await releaseLease({ ...common, client: server.client, signal });
  assert.equal(server.state.writes, writes);
});
