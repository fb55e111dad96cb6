import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, startTestServer, statusOf } from '../../kube/test-server.ts';
import { createCertificateSecret } from './certificate-secret.ts';

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
  const secret = createCertificateSecret(client, 'outrigger-system');
  assert.equal(await secret.read(), undefined);
  assert.equal(await secret.create({ 'tls.key': 'a' }), true);
  assert.equal(await secret.create({ 'tls.key': 'b' }), false);
  const found = await secret.read();
  assert.ok(found);
  assert.deepEqual(found.data, { 'tls.key': 'a' });
  assert.equal(await secret.replace(found, { 'tls.key': 'c' }), true);
  assert.equal(await secret.replace(found, { 'tls.key': 'd' }), false);
  assert.deepEqual((await secret.read())?.data, { 'tls.key': 'c' });
  assert.equal(requests[0]?.path, '/api/v1/namespaces/outrigger-system/secrets/outrigger-webhook-certificate');
  assert.equal((JSON.parse(requests[1]?.body ?? '') as { type: string }).type, 'Opaque');
});

test('other failures are failures', async (context) => {
  const { client } = await startTestServer(context, (_request, response) => json(response, 403, statusOf(403, 'Forbidden')));
  const secret = createCertificateSecret(client, 'outrigger-system');
  await assert.rejects(secret.read(), /Forbidden/);
  await assert.rejects(secret.create({}), /Forbidden/);
});
