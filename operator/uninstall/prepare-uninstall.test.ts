import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { json, startTestServer, statusOf } from '../kube/test-server.ts';
import { createLog } from '../observe/log.ts';
import { prepareUninstall } from './prepare-uninstall.ts';

const POLICY = { metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 1 }, spec: {} };
const LEASE = { metadata: { name: 'outrigger-operator', resourceVersion: '3' }, spec: { holderIdentity: 'gone' } };

/** Runs the command on a server that answers writes of a status with `code`; @returns the exit code, and the calls as METHOD LAST-SEGMENT */
async function run(context: TestContext, code: number, signal = new AbortController().signal) {
  const { url, requests } = await startTestServer(context, ({ method, path }, response) => {
    if (path.endsWith('/scale')) return json(response, 200, { status: { selector: 'app=op' } });
    if (path.endsWith('/pods')) return json(response, 200, { items: [] });
    if (path.endsWith('/leases/outrigger-operator')) return json(response, 200, LEASE);
    if (method === 'GET') return json(response, 200, { metadata: { resourceVersion: '5' }, items: [POLICY] });
    json(response, code, code === 200 ? POLICY : statusOf(code, 'Forbidden'));
  });
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-uninstall-'));
  context.after(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, 'kubeconfig');
  const clusters = [{ name: 'c', cluster: { server: url } }];
  const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }];
  await writeFile(kubeconfig, JSON.stringify({ clusters, contexts, users: [{ name: 'u', user: {} }], 'current-context': 'c' }));
  const config = { namespace: 'ns', kubeconfig: [kubeconfig], logLevel: 'silent', podName: 'p', deployment: 'op' } as const;
  const exit = await prepareUninstall(config, createLog('silent', 'p'), signal, { attempts: 2, base: 1, max: 1 });
  return { exit, calls: requests.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`) };
}

test('the operator ends and the Lease is free before the first policy is marked', async (t) => {
  const { exit, calls } = await run(t, 200);
  assert.equal(exit, 0);
  assert.deepEqual(calls, [
    ...['PATCH scale', 'GET pods', 'GET outrigger-operator', 'PUT outrigger-operator'],
    ...['GET loadbalancerpolicies', 'PATCH status'],
  ]);
});

test('it has failed when a policy could not be marked', async (t) => {
  assert.equal((await run(t, 403)).exit, 1);
});

test('it has failed when it is stopped before it is done', async (t) => {
  const { exit, calls } = await run(t, 200, AbortSignal.abort(new Error('stopped')));
  assert.deepEqual([exit, calls], [1, []]);
});
