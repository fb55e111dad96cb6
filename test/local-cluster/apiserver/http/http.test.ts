/** Limits of requests: authorization, size and form. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asArray, at } from '../json.ts';
import { TestServer } from '../testing.ts';
import { MAX_BODY } from './body.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

let server: TestServer;
before(async () => (server = await TestServer.start()));
after(() => server.close());

describe('requests', () => {
  it('fails to start when its port is taken', async () => {
    await assert.rejects(
      TestServer.start({ port: Number(new URL(server.url).port), stateDir: `${server.stateDir}/second` }),
      /EADDRINUSE/,
    );
  });

  it('answers 401 without the token, except for health and version', async () => {
    for (const authorization of ['', 'Bearer wrong', 'Basic x']) {
      const answer = await server.request('GET', '/api/v1/pods', undefined, { authorization });
      assert.equal(answer.status, 401);
      assert.deepEqual(answer.body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Unauthorized',
        reason: 'Unauthorized',
        code: 401,
      });
    }
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
      assert.equal((await server.request('GET', path, undefined, { authorization: '' })).status, 200);
    }
  });

  it('bounds the size of a body, announced or not', async () => {
    const text = JSON.stringify({ metadata: { name: 'big' }, data: { x: 'y'.repeat(MAX_BODY) } });
    assert.equal((await server.request('POST', MAPS, text)).status, 413);
    const stream = new Blob([text]).stream();
    const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
    const chunked = await fetch(server.url + MAPS, { method: 'POST', headers, body: stream, duplex: 'half' });
    assert.equal(chunked.status, 413);
  });

  it('accepts and returns JSON, and accepts protobuf only of the kinds that kubectl and helm send', async () => {
    const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    assert.equal((await server.request('POST', MAPS, 'k8s', protobuf)).status, 415);
    assert.equal((await server.request('GET', MAPS, undefined, { accept: 'application/vnd.kubernetes.protobuf' })).status, 406);
    const either = { accept: 'application/vnd.kubernetes.protobuf,application/json' };
    assert.equal((await server.request('GET', MAPS, undefined, either)).status, 200);
    assert.equal((await server.request('PATCH', `${MAPS}/x`, '{}', { 'content-type': 'application/json' })).status, 415);
  });

  it('answers unknown paths', async () => {
    const resource = await server.request('GET', '/api/v1/namespaces/default/nothings');
    assert.equal(at(resource.body, 'message'), 'the server could not find the requested resource');
    for (const path of ['/nothing', '/apis/no.such/v1', '/apis/no.such/v1/things', '/api/v1//pods']) {
      const answer = await server.request('GET', path);
      assert.deepEqual([answer.status, answer.body], [404, '404 page not found\n'], path);
    }
    assert.equal((await server.request('POST', `${MAPS}/x`, {})).status, 405);
    assert.equal((await server.request('PUT', MAPS, {})).status, 405);
    assert.equal((await server.request('GET', '//[')).status, 400);
    assert.equal((await server.request('GET', `${MAPS}/x/status`)).status, 404);
  });

  it('serves discovery, in one document or in several', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const all = await server.request('GET', '/apis', undefined, { accept });
    assert.equal(all.headers.get('content-type'), 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    const groups = asArray(at(all.body, 'items')).map((item) => at(item, 'metadata', 'name'));
    const old = await server.must('GET', '/apis');
    assert.deepEqual(
      asArray(old['groups']).map((group) => at(group, 'name')),
      groups,
    );
    const core = await server.must('GET', '/api/v1');
    assert.ok(asArray(core['resources']).some((resource) => at(resource, 'name') === 'pods/status'));
    assert.deepEqual((await server.must('GET', '/api'))['versions'], ['v1']);
    assert.equal(at(await server.must('GET', '/apis/apps'), 'preferredVersion', 'version'), 'v1');
    assert.equal((await server.must('GET', '/apis/apps/v1'))['groupVersion'], 'apps/v1');
  });

  it('answers 304 for unchanged documents', async () => {
    const first = await server.request('GET', '/openapi/v3');
    const etag = first.headers.get('etag') ?? '';
    assert.equal((await server.request('GET', '/openapi/v3', undefined, { 'if-none-match': etag })).status, 304);
    await server.createPolicyKind();
    const second = await server.request('GET', '/openapi/v3', undefined, { 'if-none-match': etag });
    assert.equal(second.status, 200);
    const index = JSON.parse(second.body as string) as { paths: Record<string, { serverRelativeURL: string }> };
    const document = await server.must('GET', index.paths['apis/outrigger.dev/v1alpha1']?.serverRelativeURL ?? '');
    const schema = at(document, 'components', 'schemas', 'dev.outrigger.v1alpha1.LoadBalancerPolicy');
    assert.deepEqual(at(schema, 'properties', 'spec', 'required'), ['backendRefs']);
  });
});
