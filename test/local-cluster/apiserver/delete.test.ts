import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asArray, asObject, at } from './json.ts';
import type { JsonObject } from './json.ts';
import { TestServer } from './testing.ts';

const PODS = '/api/v1/namespaces/shop/pods';
const MAPS = '/api/v1/namespaces/shop/configmaps';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
  await server.createNamespace('shop');
});
after(() => server.close());

function pod(name: string, nodeName?: string): JsonObject {
  const spec = { containers: [{ name: 'c', image: 'x:1' }], terminationGracePeriodSeconds: 20 };
  return { metadata: { name }, spec: nodeName === undefined ? spec : { ...spec, nodeName } };
}

async function gone(url: string): Promise<boolean> {
  return (await server.request('GET', url)).status === 404;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) assert.ok(Date.now() < deadline, 'it did not happen');
}

describe('delete', () => {
  it('gives a running Pod its grace period, and accepts a shorter one later', async () => {
    await server.must('POST', PODS, pod('p', 'n1'));
    const first = await server.must('DELETE', `${PODS}/p`);
    assert.equal(at(first, 'metadata', 'deletionGracePeriodSeconds'), 20);
    const left = Date.parse(at(first, 'metadata', 'deletionTimestamp') as string) - Date.now();
    assert.ok(left > 15_000 && left <= 20_000);
    const longer = await server.must('DELETE', `${PODS}/p`, { gracePeriodSeconds: 99 });
    assert.deepEqual(longer, first);
    const shorter = await server.must('DELETE', `${PODS}/p`, { gracePeriodSeconds: 5 });
    assert.equal(at(shorter, 'metadata', 'deletionGracePeriodSeconds'), 5);
    await server.must('DELETE', `${PODS}/p`, { gracePeriodSeconds: 0 });
    assert.ok(await gone(`${PODS}/p`));
  });

  it('removes a Pod without a node at once', async () => {
    await server.must('POST', PODS, pod('unscheduled'));
    await server.must('DELETE', `${PODS}/unscheduled`);
    assert.ok(await gone(`${PODS}/unscheduled`));
  });

  it('waits for finalizers', async () => {
    await server.must('POST', MAPS, { metadata: { name: 'f', finalizers: ['a.example/x', 'b.example/x'] } });
    const marked = await server.must('DELETE', `${MAPS}/f`);
    assert.notEqual(at(marked, 'metadata', 'deletionTimestamp'), undefined);
    await server.patch(`${MAPS}/f`, { metadata: { finalizers: ['b.example/x'] } });
    assert.ok(!(await gone(`${MAPS}/f`)));
    await server.patch(`${MAPS}/f`, { metadata: { finalizers: null } });
    assert.ok(await gone(`${MAPS}/f`));
  });

  it('checks preconditions', async () => {
    const made = await server.must('POST', MAPS, { metadata: { name: 'pre' } });
    const wrong = await server.request('DELETE', `${MAPS}/pre`, { preconditions: { uid: 'other' } });
    assert.equal(wrong.status, 409);
    const stale = await server.request('DELETE', `${MAPS}/pre`, { preconditions: { resourceVersion: '1' } });
    assert.equal(stale.status, 409);
    await server.must('DELETE', `${MAPS}/pre`, { preconditions: { uid: at(made, 'metadata', 'uid') as string } });
  });

  it('empties a namespace, its Pods first, then removes it', async () => {
    await server.createNamespace('leaving');
    const pods = '/api/v1/namespaces/leaving/pods';
    const map = '/api/v1/namespaces/leaving/configmaps/a';
    await server.must('POST', '/api/v1/namespaces/leaving/configmaps', { metadata: { name: 'a' } });
    await server.must('POST', pods, pod('slow', 'n1'));
    const marked = await server.must('DELETE', '/api/v1/namespaces/leaving');
    assert.equal(at(marked, 'status', 'phase'), 'Terminating');
    await until(async () => at(await server.must('GET', `${pods}/slow`), 'metadata', 'deletionTimestamp') !== undefined);
    assert.equal(at(await server.must('GET', map), 'metadata', 'deletionTimestamp'), undefined, 'Pods go first');
    assert.ok(!(await gone('/api/v1/namespaces/leaving')));
    await server.must('DELETE', `${pods}/slow`, { gracePeriodSeconds: 0 });
    await until(() => gone('/api/v1/namespaces/leaving'));
  });

  it('refuses Events, like everything new, in a namespace that terminates, and says so by a cause', async () => {
    await server.createNamespace('refusing');
    const pods = '/api/v1/namespaces/refusing/pods';
    await server.must('POST', pods, pod('slow', 'n1'));
    await server.must('DELETE', '/api/v1/namespaces/refusing');
    const event = {
      ...{ metadata: { name: 'late' }, eventTime: '2026-01-01T00:00:00.000000Z', type: 'Normal', reason: 'Late', action: 'Test' },
      ...{ reportingController: 'example.com/test', reportingInstance: 'test', note: 'too late' },
      regarding: { kind: 'Pod', namespace: 'refusing', name: 'slow' },
    };
    const refused = await server.request('POST', '/apis/events.k8s.io/v1/namespaces/refusing/events', event);
    assert.equal(refused.status, 403);
    assert.equal(at(refused.body, 'reason'), 'Forbidden');
    assert.match(at(refused.body, 'message') as string, /unable to create new content .* because it is being terminated$/);
    const cause = {
      reason: 'NamespaceTerminating',
      message: 'namespace refusing is being terminated',
      field: 'metadata.namespace',
    };
    assert.deepEqual(at(refused.body, 'details', 'causes'), [cause]);
    await server.must('DELETE', `${pods}/slow`, { gracePeriodSeconds: 0 });
    await until(() => gone('/api/v1/namespaces/refusing'));
  });

  it('finishes a deletion after a restart', async () => {
    await server.createNamespace('half');
    await server.must('POST', '/api/v1/namespaces/half/pods', pod('slow', 'n1'));
    await server.must('DELETE', '/api/v1/namespaces/half');
    await server.restart();
    await server.must('DELETE', '/api/v1/namespaces/half/pods/slow', { gracePeriodSeconds: 0 });
    await until(() => gone('/api/v1/namespaces/half'));
  });

  it('removes a collection by selector', async () => {
    for (const name of ['x', 'y']) await server.must('POST', MAPS, { metadata: { name, labels: { name } } });
    await server.must('DELETE', `${MAPS}?labelSelector=name=x`);
    assert.deepEqual([await gone(`${MAPS}/x`), await gone(`${MAPS}/y`)], [true, false]);
    assert.equal((await server.request('DELETE', '/api/v1/configmaps')).status, 405);
  });

  const owned = (name: string, uid: unknown, more: JsonObject = {}): JsonObject => ({
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: String(uid), ...more }] },
  });
  async function owner(): Promise<unknown> {
    return at(await server.must('POST', MAPS, { metadata: { name: 'owner' } }), 'metadata', 'uid');
  }

  it('removes what lost its owner, and what that owned', async () => {
    const uid = await owner();
    const { metadata } = await server.must('POST', MAPS, owned('child', uid));
    const grandchild = owned('grandchild', at(metadata, 'uid'));
    asObject(asArray(asObject(grandchild['metadata'])['ownerReferences'])[0])['name'] = 'child';
    await server.must('POST', MAPS, grandchild);
    await server.must('POST', MAPS, { metadata: { name: 'stranger' } });
    const status = await server.must('DELETE', `${MAPS}/owner`, { propagationPolicy: 'Background' });
    assert.equal(status['status'], 'Success');
    await until(() => gone(`${MAPS}/grandchild`));
    assert.ok(await gone(`${MAPS}/child`));
    assert.ok(!(await gone(`${MAPS}/stranger`)));
  });

  it('keeps what has another owner, or one of an unknown kind', async () => {
    const uid = await owner();
    const { uid: second } = asObject((await server.must('GET', `${MAPS}/stranger`))['metadata']);
    const two = owned('two', uid);
    asArray(asObject(two['metadata'])['ownerReferences']).push({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', name: 'stranger', uid: second ?? '' },
    });
    await server.must('POST', MAPS, two);
    await server.must('POST', MAPS, owned('odd', 'x', { apiVersion: 'example.org/v1', kind: 'Odd' }));
    await server.must('POST', MAPS, owned('last', uid));
    await server.must('DELETE', `${MAPS}/owner`);
    await until(() => gone(`${MAPS}/last`));
    assert.ok(!(await gone(`${MAPS}/two`)));
    assert.ok(!(await gone(`${MAPS}/odd`)));
  });

  it('in the foreground waits for blocking dependents, and orphans on request', async () => {
    const uid = await owner();
    const blocking = owned('blocking', uid, { blockOwnerDeletion: true });
    asObject(blocking['metadata'])['finalizers'] = ['a.example/x'];
    await server.must('POST', MAPS, blocking);
    const marked = await server.must('DELETE', `${MAPS}/owner`, { propagationPolicy: 'Foreground' });
    assert.deepEqual(at(marked, 'metadata', 'finalizers'), ['foregroundDeletion']);
    await until(async () => at(await server.must('GET', `${MAPS}/blocking`), 'metadata', 'deletionTimestamp') !== undefined);
    assert.ok(!(await gone(`${MAPS}/owner`)));
    await server.patch(`${MAPS}/blocking`, { metadata: { finalizers: null } });
    await until(() => gone(`${MAPS}/owner`));

    await server.must('POST', MAPS, owned('freed', await owner()));
    await server.must('DELETE', `${MAPS}/owner?propagationPolicy=Orphan`);
    await until(() => gone(`${MAPS}/owner`));
    assert.deepEqual(at(await server.must('GET', `${MAPS}/freed`), 'metadata', 'ownerReferences') ?? [], []);
    assert.equal((await server.request('DELETE', `${MAPS}/freed`, { propagationPolicy: 'Sometimes' })).status, 422);
  });
});
