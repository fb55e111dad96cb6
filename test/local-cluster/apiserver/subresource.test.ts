/** Writes to the `status` or `scale` of an object that does not exist: 404, never a new object, whatever the rights. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readCalls } from '../calls.ts';
import { asString, at } from './json.ts';
import type { Json } from './json.ts';
import { unsupportedMediaType } from './status.ts';
import type { Answer } from './testing.ts';
import { POLICIES, TestServer } from './testing.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const SHOP = '/api/v1/namespaces/shop';
const APPLY = 'application/apply-patch+yaml';
const PATCHES: Readonly<Record<string, Json>> = {
  [APPLY]: { status: {} },
  'application/merge-patch+json': { status: {} },
  'application/strategic-merge-patch+json': { status: {} },
  'application/json-patch+json': [{ op: 'add', path: '/status', value: {} }],
};

interface Subresource {
  readonly url: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  /** Body of a PUT, beside its name. */
  readonly body: { readonly [key: string]: Json };
  readonly group?: string;
  readonly custom?: true;
}

const SUBRESOURCES: readonly Subresource[] = [
  {
    ...{ url: `${POLICIES}/x/status`, apiVersion: 'outrigger.dev/v1alpha1', kind: 'LoadBalancerPolicy', custom: true },
    ...{ group: 'outrigger.dev', plural: 'loadbalancerpolicies', body: { status: {} } },
  },
  { url: `${SHOP}/services/x/status`, apiVersion: 'v1', kind: 'Service', plural: 'services', body: { status: {} } },
  {
    ...{ url: '/apis/apps/v1/namespaces/shop/deployments/x/status', apiVersion: 'apps/v1', kind: 'Deployment' },
    ...{ group: 'apps', plural: 'deployments', body: { status: {} } },
  },
  {
    ...{ url: '/apis/apps/v1/namespaces/shop/deployments/x/scale', apiVersion: 'autoscaling/v1', kind: 'Scale' },
    ...{ group: 'apps', plural: 'deployments', body: { spec: { replicas: 1 } } },
  },
];

/** As a real server answers, field by field. */
function notFound({ group, plural }: Subresource): Json {
  return {
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
    message: `${group === undefined ? plural : `${plural}.${group}`} "x" not found`,
    reason: 'NotFound',
    details: { name: 'x', ...(group !== undefined && { group }), kind: plural },
    code: 404,
  };
}

/** Custom resources take no strategic merge patch; the media type is checked before the object is looked up. */
const UNSUPPORTED = unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json', APPLY]).status;

describe('a subresource of an object that does not exist', () => {
  let server: TestServer;
  let auditLog = '';
  let token = '';
  before(async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outrigger-subresource-'));
    auditLog = path.join(folder, 'audit.jsonl');
    server = await TestServer.start({ stateDir: folder, auditLog });
    await server.createPolicyKind();
    await server.must('POST', `${SHOP}/serviceaccounts`, { metadata: { name: 'writer' } });
    const { status } = await server.must('POST', `${SHOP}/serviceaccounts/writer/token`, { spec: {} });
    token = asString(at(status, 'token'));
    const resources = ['loadbalancerpolicies/status', 'services/status', 'deployments/status', 'deployments/scale'];
    const rules = [{ apiGroups: ['*'], resources, verbs: ['patch', 'update'] }];
    await server.must('POST', `${RBAC}/clusterroles`, { metadata: { name: 'writer' }, rules });
    await server.must('POST', `${RBAC}/clusterrolebindings`, {
      metadata: { name: 'writer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writer' },
      subjects: [{ kind: 'ServiceAccount', name: 'writer', namespace: 'shop' }],
    });
  });
  after(() => server.close());

  /** With the right to update subresources, and no right to create. */
  const asWriter = (method: string, url: string, body: Json, type = 'application/json'): Promise<Answer> =>
    server.request(method, url, body, { authorization: `Bearer ${token}`, 'content-type': type });
  const named = ({ apiVersion, kind }: Subresource, body: Json): Json =>
    Array.isArray(body) ? body : { apiVersion, kind, metadata: { name: 'x' }, ...(body as object) };

  for (const subresource of SUBRESOURCES) {
    const { url, custom, body } = subresource;
    const what = url.split('/').slice(-3).join('/');
    for (const [type, change] of Object.entries(PATCHES)) {
      it(`answers 404 to a patch of ${what} by ${type}`, async () => {
        const expected = custom && type.includes('strategic') ? UNSUPPORTED : notFound(subresource);
        const sent = named(subresource, change);
        assert.deepEqual((await server.request('PATCH', url, sent, { 'content-type': type })).body, expected, 'administrator');
        assert.deepEqual((await asWriter('PATCH', url, sent, type)).body, expected, 'no right to create');
        const broken = await asWriter('PATCH', url, '{unclosed', type);
        assert.deepEqual(broken.body, expected, 'before what is wrong with the patch');
      });
    }

    it(`answers 404 to a PUT of ${what}`, async () => {
      const missing = notFound(subresource);
      const sent = named(subresource, body);
      assert.deepEqual((await server.request('PUT', url, sent)).body, missing, 'administrator');
      assert.deepEqual((await asWriter('PUT', url, sent)).body, missing, 'no right to create');
    });
  }

  it('answers 404 to a status write that comes just after the deletion, and records no create', async () => {
    const [policyStatus] = SUBRESOURCES as [Subresource];
    const body = { ...(named(policyStatus, {}) as object), status: { conditions: [] } };
    const created = { ...(named(policyStatus, {}) as object), spec: { backendRefs: [{ name: 'b', port: 80 }] } };
    await server.must('POST', POLICIES, created);
    assert.equal((await asWriter('PATCH', `${policyStatus.url}?fieldManager=writer`, body, APPLY)).status, 200);
    await server.must('DELETE', `${POLICIES}/x`);
    const late = await asWriter('PATCH', `${policyStatus.url}?fieldManager=writer`, body, APPLY);
    assert.deepEqual([late.status, late.body], [404, notFound(policyStatus)]);
    assert.equal((await server.request('GET', `${POLICIES}/x`)).status, 404, 'nothing was created');
    const calls = await readCalls(auditLog);
    assert.ok(calls.some(({ verb, resource }) => verb === 'patch' && resource === 'loadbalancerpolicies/status'));
    assert.deepEqual(
      calls.filter(({ verb, allowed }) => verb === 'create' || !allowed),
      [],
    );
  });
});
