/** Service accounts: their tokens, what roles allow them, and the log of it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readCalls } from '../../calls.ts';
import { asString, at } from '../json.ts';
import type { Json } from '../json.ts';
import { TestServer } from '../testing.ts';

const SHOP = '/api/v1/namespaces/shop';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
const subjects = [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }];

describe('service accounts', () => {
  let server: TestServer;
  let token = '';
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outrigger-audit-'));
  const auditLog = path.join(folder, 'audit.jsonl');
  before(async () => {
    server = await TestServer.start({ auditLog });
    await server.createNamespace('shop');
    await server.must('POST', `${SHOP}/serviceaccounts`, { metadata: { name: 'web' } });
    token = await newToken();
  });
  after(async () => {
    await server.close();
    fs.rmSync(folder, { recursive: true });
  });

  async function newToken(spec: Json = {}): Promise<string> {
    const { status } = await server.must('POST', `${SHOP}/serviceaccounts/web/token`, { spec });
    return asString(at(status, 'token'));
  }
  const as = (method: string, url: string, body?: Json, headers = {}) =>
    server.request(method, url, body, { authorization: `Bearer ${token}`, ...headers });
  const code = async (method: string, url: string, body?: Json) => (await as(method, url, body)).status;

  it('may use discovery, and nothing else without a role', async () => {
    assert.equal(await code('GET', '/apis'), 200);
    assert.deepEqual((await as('GET', `${SHOP}/pods/x`)).body, {
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
      message:
        'pods "x" is forbidden: User "system:serviceaccount:shop:web" cannot get resource "pods" in API group "" in the namespace "shop"',
      ...{ reason: 'Forbidden', details: { name: 'x', kind: 'pods' }, code: 403 },
    });
    const everywhere = await as('GET', '/apis/apps/v1/deployments?watch=true');
    assert.equal(everywhere.status, 403);
    assert.match(
      asString(at(everywhere.body, 'message')),
      /^deployments\.apps is forbidden: User "system:serviceaccount:shop:web" cannot watch resource "deployments" in API group "apps" at the cluster scope$/,
    );
  });

  it('may do what a Role in the namespace says, there only', async () => {
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create'] },
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['mine'], verbs: ['get', 'list', 'create'] },
      { apiGroups: [''], resources: ['pods/status'], verbs: ['patch'] },
    ];
    await server.must('POST', `${RBAC}/namespaces/shop/roles`, { metadata: { name: 'web' }, rules });
    await server.must('POST', `${RBAC}/namespaces/shop/rolebindings`, {
      metadata: { name: 'web' },
      roleRef: roleRef('Role', 'web'),
      subjects,
    });
    assert.equal(await code('GET', `${SHOP}/configmaps`), 200);
    assert.equal(await code('POST', `${SHOP}/configmaps`, { metadata: { name: 'a' } }), 201);
    assert.equal(await code('DELETE', `${SHOP}/configmaps/a`), 403);
    assert.equal(await code('DELETE', `${SHOP}/configmaps`), 403);
    assert.equal(await code('GET', '/api/v1/configmaps'), 403);
    assert.equal(await code('GET', '/api/v1/namespaces/default/configmaps'), 403);
    assert.equal(await code('GET', `${SHOP}/secrets/mine`), 404);
    assert.equal(await code('GET', `${SHOP}/secrets/other`), 403);
    assert.equal(await code('GET', `${SHOP}/secrets`), 403, 'resourceNames do not apply to lists');
    assert.equal(await code('GET', `${SHOP}/secrets?fieldSelector=metadata.name%3Dmine`), 200);
    assert.equal(await code('POST', `${SHOP}/secrets`, { metadata: { name: 'mine' } }), 403);
    const merge = { 'content-type': 'application/merge-patch+json' };
    assert.equal((await as('PATCH', `${SHOP}/pods/none/status`, {}, merge)).status, 404);
    assert.equal((await as('PATCH', `${SHOP}/pods/none`, {}, merge)).status, 403);
  });

  it('needs the right to create for an apply that creates', async () => {
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const rules = [{ apiGroups: [''], resources: ['services'], verbs: ['patch'] }];
    await server.must('POST', `${RBAC}/clusterroles`, { metadata: { name: 'demo:patcher' }, rules });
    const binding = { metadata: { name: 'demo:patcher' }, roleRef: roleRef('ClusterRole', 'demo:patcher'), subjects };
    await server.must('POST', `${RBAC}/clusterrolebindings`, binding);
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
    const url = `${SHOP}/services/s?fieldManager=x`;
    assert.match(asString(at((await as('PATCH', url, service, apply)).body, 'message')), /cannot create resource "services"/);
    await server.must('POST', `${SHOP}/services`, service);
    assert.equal((await as('PATCH', `${url}&force=true`, service, apply)).status, 200);
  });

  it('has tokens that expire, survive a restart, and are void when it is deleted', async () => {
    const parts = token.split('.');
    const forged = [parts[0], Buffer.from('{"sub":"system:serviceaccount:shop:web"}').toString('base64url'), parts[2]].join('.');
    assert.equal((await server.request('GET', '/apis', undefined, { authorization: `Bearer ${forged}` })).status, 401);
    assert.equal(
      (await server.request('POST', `${SHOP}/serviceaccounts/web/token`, { spec: { expirationSeconds: 5 } })).status,
      422,
    );
    assert.equal((await server.request('POST', `${SHOP}/serviceaccounts/none/token`, { spec: {} })).status, 404);
    assert.equal(await code('POST', `${SHOP}/serviceaccounts/web/token`, { spec: {} }), 403);
    await server.restart({ auditLog });
    assert.equal(await code('GET', '/apis'), 200);
    await server.must('DELETE', `${SHOP}/serviceaccounts/web`);
    await server.must('POST', `${SHOP}/serviceaccounts`, { metadata: { name: 'web' } });
    assert.equal(await code('GET', '/apis'), 401, 'the token was for an earlier one of the same name');
    token = await newToken({ expirationSeconds: 600 });
    assert.equal(await code('GET', '/apis'), 200);
  });

  it('has each distinct call in the log once, also refused ones', async () => {
    const calls = await readCalls(auditLog);
    const count = (verb: string, resource: string, allowed: boolean): number =>
      calls.filter(
        (one) =>
          one.serviceAccount === 'shop:web' &&
          `${one.verb} ${one.apiGroup}/${one.namespace}/${one.resource}` === `${verb} /shop/${resource}` &&
          one.allowed === allowed,
      ).length;
    assert.equal(count('create', 'configmaps', true), 1);
    assert.equal(count('deletecollection', 'configmaps', false), 1);
    assert.equal(count('patch', 'pods/status', true), 1);
    assert.equal(count('update', 'configmaps', true), 0);
    assert.ok(calls.some(({ verb, namespace, resource }) => verb === 'watch' && resource === 'deployments' && namespace === ''));
    assert.doesNotMatch(fs.readFileSync(auditLog, 'utf8'), new RegExp(token.slice(-20)));
  });
});
