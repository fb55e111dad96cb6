import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { json, startTestServer, statusOf, type Received } from '../kube/test-server.ts';
import { markPolicies } from './mark-policies.ts';
import { UNINSTALLED } from './uninstalled-status.ts';

const COLLECTION = '/apis/outrigger.dev/v1alpha1/loadbalancerpolicies';
const retry = { attempts: 3, base: 1, max: 1 };

const policies = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    metadata: { name: `p${i}`, namespace: 'shop', uid: `u${i}`, resourceVersion: '1', generation: 1 },
    spec: {},
  }));

/** Marks `count` policies on a server that answers the writes as `write` does. */
async function marking(
  context: TestContext,
  count: number,
  write: (request: Received, response: ServerResponse) => void | Promise<void>,
) {
  const failures: string[] = [];
  const server = await startTestServer(context, async (request, response) => {
    if (request.method !== 'GET') return write(request, response);
    const items = policies(count);
    const from = Number(request.query.get('continue') ?? 0);
    const limit = Number(request.query.get('limit'));
    const end = from + limit < count ? { continue: String(from + limit) } : {};
    json(response, 200, { metadata: { resourceVersion: '5', ...end }, items: items.slice(from, from + limit) });
  });
  const failed = (policy: string, error: Error): void => void failures.push(`${policy}: ${error.message}`);
  const { signal } = new AbortController();
  const result = await markPolicies({ client: server.client, signal, retry, now: () => 0, failed });
  const writes = server.requests.filter(({ method }) => method === 'PATCH');
  return { result, failures, writes, events: server.requests.filter(({ path }) => path.includes('events')) };
}

test('every policy of every page is marked by server-side apply as the operator, a few at a time, and there are no Events', async (t) => {
  let [now, most] = [0, 0];
  const { result, writes, failures, events } = await marking(t, 501, async (_request, response) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now -= 1;
    json(response, 200, {});
  });
  assert.deepEqual(result, { marked: 501, gone: 0, failed: 0 });
  assert.deepEqual([failures, events], [[], []]);
  assert.equal(new Set(writes.map(({ path }) => path)).size, 501);
  assert.ok(most > 1 && most <= 8, `${most} at once`);
  const [one] = writes;
  assert.match(one?.path ?? '', /^\/apis\/outrigger.dev\/v1alpha1\/namespaces\/shop\/loadbalancerpolicies\/p\d+\/status$/);
  assert.deepEqual(Object.fromEntries(one?.query ?? []), { fieldManager: 'outrigger-operator', force: 'true' });
  assert.equal(one?.headers['content-type'], 'application/apply-patch+yaml');
  assert.match(one?.body ?? '', new RegExp(UNINSTALLED));
});

test('policies that are deleted meanwhile do not matter; a conflict is tried again', async (t) => {
  const tried = new Set<string>();
  const { result, failures } = await marking(t, 3, ({ path }, response) => {
    if (path.includes('/p0/')) return json(response, 404, statusOf(404, 'NotFound'));
    if (path.includes('/p1/') && !tried.has(path)) {
      tried.add(path);
      return json(response, 409, statusOf(409, 'Conflict'));
    }
    json(response, 200, {});
  });
  assert.deepEqual(result, { marked: 2, gone: 1, failed: 0 });
  assert.deepEqual(failures, []);
});

test('a policy that cannot be marked is named, and the others are marked', async (t) => {
  const { result, failures, writes } = await marking(t, 3, ({ path }, response) => {
    if (path.includes('/p1/')) return json(response, 403, statusOf(403, 'Forbidden', 'a webhook denied it'));
    json(response, 200, {});
  });
  assert.deepEqual(result, { marked: 2, gone: 0, failed: 1 });
  assert.deepEqual(failures, ['shop/p1: 403 Forbidden: a webhook denied it']);
  assert.equal(writes.length, 2 + retry.attempts);
});

test('a cluster without the resource has nothing to mark; a list that fails is tried again', async (t) => {
  let answers = [503, 404];
  const server = await startTestServer(t, (request, response) => {
    assert.equal(request.path, COLLECTION);
    const [code = 404] = answers;
    answers = answers.slice(1);
    json(response, code, statusOf(code, 'x'));
  });
  const options = { client: server.client, signal: new AbortController().signal, retry, now: () => 0, failed: () => undefined };
  assert.deepEqual(await markPolicies(options), { marked: 0, gone: 0, failed: 0 });
  assert.equal(server.requests.length, 2);
});

test('a signal ends it at once', async (t) => {
  const stopping = new AbortController();
  const server = await startTestServer(t, (request, response) => {
    if (request.method === 'GET') return json(response, 200, { metadata: { resourceVersion: '5' }, items: policies(20) });
    stopping.abort(new Error('stopped'));
  });
  const options = { client: server.client, signal: stopping.signal, retry, now: () => 0, failed: () => assert.fail() };
  await assert.rejects(markPolicies(options), /stopped/);
  assert.ok(server.requests.length <= 9);
});
