/** Server-side apply. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asArray, at } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import type { Answer } from './testing.ts';
import { POLICIES, TestServer } from './testing.ts';

const MAPS = '/api/v1/namespaces/shop/configmaps';
const SERVICES = '/api/v1/namespaces/shop/services';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
  await server.createPolicyKind();
});
after(() => server.close());

function apply(url: string, manager: string, body: Json, query = ''): Promise<Answer> {
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  return server.request('PATCH', `${url}?fieldManager=${manager}${query}`, body, headers);
}

function map(name: string, data: JsonObject): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

describe('server-side apply', () => {
  it('creates, changes, and removes what is no longer in the configuration', async () => {
    const made = await apply(`${MAPS}/m`, 'one', map('m', { a: '1', b: '1' }));
    assert.equal(made.status, 201);
    const changed = await apply(`${MAPS}/m`, 'one', map('m', { a: '2' }));
    assert.equal(changed.status, 200);
    assert.deepEqual(at(changed.body, 'data'), { a: '2' });
  });

  it('keeps what another manager owns too', async () => {
    await apply(`${MAPS}/shared`, 'one', map('shared', { a: '1', b: '1' }));
    await apply(`${MAPS}/shared`, 'two', map('shared', { b: '1', c: '1' }));
    const less = await apply(`${MAPS}/shared`, 'one', map('shared', { a: '1' }));
    assert.deepEqual(at(less.body, 'data'), { a: '1', b: '1', c: '1' });
    const none = await apply(`${MAPS}/shared`, 'two', { apiVersion: 'v1', kind: 'ConfigMap' });
    assert.deepEqual(at(none.body, 'data'), { a: '1' });
  });

  it('names a conflict in one sentence, and overrides it with force', async () => {
    await apply(`${MAPS}/c`, 'one', map('c', { a: '1' }));
    const conflict = await apply(`${MAPS}/c`, 'two', map('c', { a: '2' }));
    assert.equal(conflict.status, 409);
    assert.equal(at(conflict.body, 'message'), 'Apply failed with 1 conflict: conflict with "one" using v1: .data.a');
    const forced = await apply(`${MAPS}/c`, 'two', map('c', { a: '2' }), '&force=true');
    assert.deepEqual(at(forced.body, 'data'), { a: '2' });
    const managers = asArray(at(forced.body, 'metadata', 'managedFields')).map((entry) => at(entry, 'manager'));
    assert.deepEqual(managers, ['two']);
  });

  it('leaves the version alone when nothing changes', async () => {
    const first = await apply(`${MAPS}/idle`, 'one', map('idle', { a: '1' }));
    const second = await apply(`${MAPS}/idle`, 'one', map('idle', { a: '1' }));
    assert.deepEqual(second.body, first.body);
  });

  it('allows two managers different ports of a Service, and removes those of one', async () => {
    const service = (ports: JsonObject[]): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'gw' },
      spec: { ports },
    });
    await apply(`${SERVICES}/gw`, 'helm', service([{ name: 'a', port: 1 }]));
    await apply(`${SERVICES}/gw`, 'outrigger', service([{ name: 'b', port: 2 }]));
    const both = await apply(`${SERVICES}/gw`, 'helm', service([{ name: 'a', port: 1 }]));
    const numbers = (answer: Answer): unknown[] => asArray(at(answer.body, 'spec', 'ports')).map((port) => at(port, 'port'));
    assert.deepEqual(numbers(both), [1, 2]);
    assert.deepEqual(numbers(await apply(`${SERVICES}/gw`, 'helm', { ...service([]), spec: {} })), [2]);
  });

  it('accepts YAML', async () => {
    const answer = await apply(`${MAPS}/y`, 'one', 'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: "1"\n');
    assert.deepEqual([answer.status, at(answer.body, 'data')], [201, { a: '1' }]);
    assert.equal((await apply(`${MAPS}/y`, 'one', '{unclosed')).status, 400);
  });

  it('keeps status and spec apart, condition by condition', async () => {
    const identity = { apiVersion: 'outrigger.dev/v1alpha1', kind: 'LoadBalancerPolicy', metadata: { name: 's' } };
    const condition = (type: string): JsonObject => {
      return { type, status: 'True', reason: 'R', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
    };
    await apply(`${POLICIES}/s`, 'user', {
      ...identity,
      spec: { backendRefs: [{ name: 'x', port: 1 }] },
      status: { conditions: [condition('Mine')] },
    });
    await apply(`${POLICIES}/s/status`, 'one', { ...identity, status: { conditions: [condition('A'), condition('B')] } });
    const two = await apply(`${POLICIES}/s/status`, 'two', {
      ...identity,
      spec: { backendRefs: [] },
      status: { conditions: [condition('C')] },
    });
    const types = (answer: Answer): unknown[] => asArray(at(answer.body, 'status', 'conditions')).map((one) => at(one, 'type'));
    assert.deepEqual(types(two), ['A', 'B', 'C']);
    assert.deepEqual(at(two.body, 'spec', 'backendRefs'), [{ name: 'x', port: 1, weight: 1 }]);
    assert.deepEqual(
      types(await apply(`${POLICIES}/s/status`, 'one', { ...identity, status: { conditions: [condition('B')] } })),
      ['B', 'C'],
    );
    assert.equal((await apply(`${POLICIES}/none/status`, 'one', { ...identity, metadata: { name: 'none' } })).status, 404);
  });

  it('refuses unknown fields, missing kinds and other names', async () => {
    const unknown = await apply(`${MAPS}/u`, 'one', { ...map('u', {}), colour: 'red' });
    assert.equal(unknown.status, 500);
    assert.equal(
      at(unknown.body, 'message'),
      'failed to create typed patch object (shop/u; v1, Kind=ConfigMap): .colour: field not declared in schema',
    );
    assert.equal((await apply(`${MAPS}/u`, 'one', { data: {} })).status, 400);
    assert.equal((await apply(`${MAPS}/u`, 'one', map('other', {}))).status, 400);
    const owners = { ...map('u', {}), metadata: { name: 'u', managedFields: [{ manager: 'x' }] } };
    assert.equal((await apply(`${MAPS}/u`, 'one', owners)).status, 400);
  });
});
