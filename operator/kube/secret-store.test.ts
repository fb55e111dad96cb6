import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, startTestServer, statusOf } from './test-server.ts';
import { createSecretStore } from './secret-store.ts';

const NAME = 'outrigger-webhook-certificate';

test('the Secret is read, created if absent, and replaced at the version that was read', async (context) => {
  let stored: { metadata: { resourceVersion: string }; data: object } | undefined;
  const { client, requests } = await startTestServer(context, ({ method, body }, response) => {
    if (method === 'GET') return stored ? json(response, 200, stored) : json(response, 404, statusOf(404, 'NotFound'));
    const given = JSON.parse(body) as NonNullable<typeof stored>;
    const clash = method === 'POST' ? stored !== undefined : given.metadata.resourceVersion !== stored?.metadata.resourceVersion;
    if (clash) return json(response, 409, statusOf(409, 'Conflict'));
    stored = { ...given, metadata: { ...given.metadata, resourceVersion: String(requests.length) } };
    json(response, 200, stored);
  });
  const secrets = createSecretStore(client, 'outrigger-system');
  assert.equal(await secrets.read(NAME), undefined);
  assert.equal(await secrets.create(NAME, { 'tls.key': 'a' }), true);
  assert.equal(await secrets.create(NAME, { 'tls.key': 'b' }), false);
  const found = await secrets.read(NAME);
  assert.ok(found);
  assert.deepEqual(found.data, { 'tls.key': 'a' });
  assert.equal(await secrets.replace(found.object, { 'tls.key': 'c' }), true);
  assert.equal(await secrets.replace(found.object, { 'tls.key': 'd' }), false);
  assert.deepEqual((await secrets.read(NAME))?.data, { 'tls.key': 'c' });
  assert.equal(requests[0]?.path, '/api/v1/namespaces/outrigger-system/secrets/outrigger-webhook-certificate');
  assert.equal((JSON.parse(requests[1]?.body ?? '') as { type: string }).type, 'Opaque');
});

test('other errors are thrown', async (context) => {
  const { client } = await startTestServer(context, (_request, response) => json(response, 403, statusOf(403, 'Forbidden')));
  const secrets = createSecretStore(client, 'outrigger-system');
  await assert.rejects(secrets.read(NAME), /Forbidden/);
  await assert.rejects(secrets.create(NAME, {}), /Forbidden/);
});

test('data of Secrets is text for callers, base64 for the API server', async (context) => {
  let stored: Record<string, unknown> | undefined;
  const server = await startTestServer(context, (request, response) => {
    if (request.method === 'GET') return stored ? json(response, 200, stored) : json(response, 404, statusOf(404, 'NotFound'));
    if (stored) return json(response, 409, statusOf(409, 'AlreadyExists'));
    stored = JSON.parse(request.body) as Record<string, unknown>;
    return json(response, 201, stored);
  });
  const store = createSecretStore(server.client, 'outrigger-system');
  assert.equal(await store.read('keys'), undefined);
  assert.equal(await store.create('keys', { a: 'größe' }), true);
  assert.equal(await store.create('keys', { a: 'other' }), false);
  assert.deepEqual((await store.read('keys'))?.data, { a: 'größe' });
  assert.deepEqual(stored?.['data'], { a: Buffer.from('größe').toString('base64') });
  assert.equal(server.requests[0]?.path, '/api/v1/namespaces/outrigger-system/secrets/keys');
});
