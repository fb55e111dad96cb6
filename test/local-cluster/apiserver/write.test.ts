import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asArray, at } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { POLICIES, TestServer } from './testing.ts';

const MAPS = '/api/v1/namespaces/shop/configmaps';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
  await server.createPolicyKind();
});
after(() => server.close());

function policy(name: string, spec: JsonObject = {}): JsonObject {
  const backendRefs = [{ name: 'checkout', port: 80 }];
  return { apiVersion: 'outrigger.dev/v1alpha1', kind: 'LoadBalancerPolicy', metadata: { name }, spec: { backendRefs, ...spec } };
}

const generation = (object: Json): number => at(object, 'metadata', 'generation') as number;
const message = (body: Json): string => at(body, 'message') as string;

describe('writes', () => {
  it('increases the generation only for changes of the spec', async () => {
    await server.must('POST', POLICIES, policy('g'));
    const labelled = await server.patch(`${POLICIES}/g`, { metadata: { labels: { a: 'b' } } });
    const status = await server.patch(`${POLICIES}/g/status`, { status: { conditions: [] }, spec: { listener: { port: 1 } } });
    const spec = await server.patch(`${POLICIES}/g`, { spec: { listener: { port: 1 } }, status: { conditions: null } });
    assert.deepEqual(
      [labelled, status, spec].map(({ body }) => generation(body)),
      [1, 1, 2],
    );
    assert.equal(at(status.body, 'spec', 'listener'), undefined);
    assert.deepEqual(at(spec.body, 'status'), { conditions: [] });
  });

  it('keeps the version of an object that a write does not change', async () => {
    const made = await server.must('POST', POLICIES, policy('same'));
    const again = await server.must('PUT', `${POLICIES}/same`, made);
    assert.deepEqual(again, made);
  });

  it('requires a version for an update of a custom resource, not of a ConfigMap', async () => {
    await server.must('POST', POLICIES, policy('put'));
    const refused = await server.request('PUT', `${POLICIES}/put`, policy('put'));
    assert.equal(refused.status, 422);
    assert.equal(
      message(refused.body),
      'loadbalancerpolicies.outrigger.dev "put" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
    );
    await server.must('POST', MAPS, { metadata: { name: 'put' } });
    await server.must('PUT', `${MAPS}/put`, { metadata: { name: 'put' }, data: { a: 'b' } });
  });

  it('refuses to write to an object that was recreated', async () => {
    const { metadata } = await server.must('POST', MAPS, { metadata: { name: 'anew' } });
    await server.must('DELETE', `${MAPS}/anew`);
    await server.must('POST', MAPS, { metadata: { name: 'anew' } });
    const answer = await server.patch(`${MAPS}/anew`, { metadata: { uid: at(metadata, 'uid') ?? null } });
    assert.equal(answer.status, 409);
    assert.match(message(answer.body), /Precondition failed: UID in precondition/);
  });

  it('checks names and namespaces', async () => {
    const bad = await server.request('POST', MAPS, { metadata: { name: 'A_b' } });
    assert.equal(bad.status, 422);
    assert.match(
      message(bad.body),
      /^ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain /,
    );
    const elsewhere = await server.request('POST', '/api/v1/namespaces/nowhere/configmaps', { metadata: { name: 'a' } });
    assert.deepEqual([elsewhere.status, message(elsewhere.body)], [404, 'namespaces "nowhere" not found']);
    const other = await server.request('POST', MAPS, { metadata: { name: 'a', namespace: 'default' } });
    assert.equal(message(other.body), 'the namespace of the provided object does not match the namespace sent on the request');
    assert.equal((await server.request('POST', MAPS, { metadata: {} })).status, 422);
    assert.equal((await server.request('PUT', `${MAPS}/put`, { metadata: { name: 'else' } })).status, 400);
    assert.equal((await server.request('POST', MAPS, { metadata: { name: 'l', labels: { a: 'not ok' } } })).status, 422);
    assert.equal((await server.request('POST', MAPS, { metadata: { name: 'l', labels: { a: 1 } } })).status, 400);
  });

  it('refuses a body of another kind or version', async () => {
    const version = await server.request('POST', POLICIES, { ...policy('v'), apiVersion: 'outrigger.dev/v1' });
    assert.equal(
      message(version.body),
      'the API version in the data (outrigger.dev/v1) does not match the expected API version (outrigger.dev/v1alpha1)',
    );
    assert.equal((await server.request('POST', POLICIES, { ...policy('v'), kind: 'Other' })).status, 400);
  });

  it('changes nothing with dryRun', async () => {
    await server.must('POST', MAPS, { metadata: { name: 'real' } });
    await server.must(
      'PATCH',
      `${MAPS}/real?dryRun=All`,
      { data: { a: 'b' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    await server.must('DELETE', `${MAPS}/real?dryRun=All`);
    await server.must('POST', `${MAPS}?dryRun=All`, { metadata: { name: 'unreal' } });
    assert.equal((await server.must('GET', `${MAPS}/real`))['data'], undefined);
    assert.equal((await server.request('GET', `${MAPS}/unreal`)).status, 404);
    assert.equal((await server.request('POST', `${MAPS}?dryRun=Some`, { metadata: { name: 'x' } })).status, 422);
  });

  it('warns about unknown fields of built-in kinds, or refuses them', async () => {
    const lease = { metadata: { name: 'l' }, spec: { holder: 'x' } };
    const leases = '/apis/coordination.k8s.io/v1/namespaces/shop/leases';
    const strict = await server.request('POST', `${leases}?fieldValidation=Strict`, lease);
    assert.equal(
      message(strict.body),
      'Lease in version "v1" cannot be handled as a Lease: strict decoding error: unknown field "spec.holder"',
    );
    const warned = await server.request('POST', leases, lease);
    assert.equal(warned.headers.get('warning'), '299 - "unknown field \\"spec.holder\\""');
    assert.deepEqual(at(warned.body, 'spec'), {});
    const ignored = await server.request('POST', `${MAPS}?fieldValidation=Ignore`, {
      metadata: { name: 'i', colour: 1 },
      colour: 'red',
    });
    assert.deepEqual([ignored.status, ignored.headers.get('warning')], [201, null]);
    assert.equal((await server.request('POST', `${MAPS}?fieldValidation=Maybe`, { metadata: { name: 'i' } })).status, 422);
  });

  it('gives fields to the manager that changed them last', async () => {
    await server.must('POST', `${MAPS}?fieldManager=one`, { metadata: { name: 'owned' }, data: { a: '1', b: '1' } });
    await server.must(
      'PATCH',
      `${MAPS}/owned?fieldManager=two`,
      { data: { b: '2' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const { metadata } = await server.must('GET', `${MAPS}/owned`);
    const owners = asArray(at({ metadata: metadata ?? null }, 'metadata', 'managedFields'));
    assert.deepEqual(
      owners.map((entry) => [at(entry, 'manager'), at(entry, 'fieldsV1')]),
      [
        ['one', { 'f:data': { '.': {}, 'f:a': {} } }],
        ['two', { 'f:data': { 'f:b': {} } }],
      ],
    );
  });

  it('creates a Lease by PUT', async () => {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'made' },
      spec: { holderIdentity: 'me' },
    };
    const answer = await server.request('PUT', '/apis/coordination.k8s.io/v1/namespaces/shop/leases/made', lease);
    assert.equal(answer.status, 201);
    assert.equal((await server.request('PUT', `${POLICIES}/absent`, policy('absent'))).status, 404);
  });
});
