import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { json, startTestServer, statusOf, until } from '../kube/test-server.ts';
import { createInventory } from './inventory.ts';
import { REFLECTOR_TIMING } from './reflector.ts';

const meta = (name: string, version: number, annotations = {}) => ({
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: String(version),
    creationTimestamp: 'x',
    annotations,
  },
});

/** Metadata of a Node has no namespace. */
const node = (name: string, version: number, zone?: string) => ({
  metadata: {
    name,
    uid: `uid-${name}`,
    resourceVersion: String(version),
    creationTimestamp: 'x',
    labels: { 'kubernetes.io/os': 'linux', ...(zone !== undefined && { 'topology.kubernetes.io/zone': zone }) },
  },
});

const namespace = (name: string, version: number, deletionTimestamp?: string) => ({
  metadata: {
    ...{ name, uid: `uid-${name}`, resourceVersion: String(version), creationTimestamp: 'x' },
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
  },
});

test('is ready only when every collection was listed, keeps only annotated pods, and shares what did not change', async (context) => {
  let forbidden = true;
  let changes = 0;
  const watches = new Map<string, ServerResponse>();
  const items: Record<string, object[]> = {
    '/apis/outrigger.dev/v1alpha1/loadbalancerpolicies': [meta('policy', 1)],
    '/api/v1/services': [meta('service', 1)],
    '/apis/discovery.k8s.io/v1/endpointslices': [meta('slice', 1)],
    '/api/v1/pods?proxy': [meta('proxy', 1)],
    '/api/v1/pods': [meta('plain', 1), meta('weighted', 1, { 'outrigger.dev/weight': '2' })],
    '/api/v1/nodes': [node('n1', 1, 'eu-1a'), node('n2', 1)],
    '/api/v1/namespaces': [namespace('shop', 1), namespace('leaving', 1, '2026-11-22T10:00:00Z')],
  };
  const server = await startTestServer(context, (request, response) => {
    const kind = request.path + (request.query.get('labelSelector') === 'outrigger.dev/proxy' ? '?proxy' : '');
    if (request.query.has('watch')) {
      response.writeHead(200).flushHeaders();
      watches.set(kind, response);
    } else if (kind === '/api/v1/services' && forbidden) json(response, 403, statusOf(403, 'Forbidden'));
    else json(response, 200, { metadata: { resourceVersion: '5' }, items: items[kind] });
  });
  const controller = new AbortController();
  const inventory = createInventory({
    client: server.client,
    report: { onContact: () => undefined, onFailure: () => undefined },
    changed: () => (changes += 1),
    random: Math.random,
    timing: { ...REFLECTOR_TIMING, retry: { base: 5, max: 10 } },
  });
  const running = inventory.run(controller.signal);
  await until(() => watches.size === 6, 'six watches');
  assert.equal(inventory.ready, false);
  forbidden = false;
  await until(() => inventory.ready, 'the seventh list');
  await until(() => watches.size === 7, 'seven watches');

  const before = inventory.current();
  assert.deepEqual([...before.annotatedPods.keys()], ['shop/weighted']);
  assert.deepEqual([...before.proxyPods.keys()], ['shop/proxy']);
  assert.deepEqual([...before.policies.keys()], ['shop/policy']);
  assert.deepEqual([...before.endpointSlices.keys()], ['shop/slice']);
  assert.deepEqual([...before.nodeZones], [['n1', 'eu-1a']]);
  assert.deepEqual([...before.terminatingNamespaces], [['leaving', '2026-11-22T10:00:00Z']]);

  const pods = watches.get('/api/v1/pods');
  const seen = changes;
  pods?.write(`${JSON.stringify({ type: 'MODIFIED', object: meta('plain', 6) })}\n`);
  pods?.write(`${JSON.stringify({ type: 'MODIFIED', object: meta('plain', 7, { 'outrigger.dev/maintenance': 'true' }) })}\n`);
  pods?.write(`${JSON.stringify({ type: 'MODIFIED', object: meta('weighted', 8) })}\n`);
  await until(() => !inventory.current().annotatedPods.has('shop/weighted'), 'the events');
  const after = inventory.current();
  assert.deepEqual([...after.annotatedPods.keys()], ['shop/plain']);
  assert.equal(changes, seen + 2, 'a pod without our annotations is not a change');
  assert.equal(after.services, before.services);
  assert.equal(after.policies, before.policies);
  assert.deepEqual([...before.annotatedPods.keys()], ['shop/weighted'], 'an inventory that was returned does not change');

  const nodes = watches.get('/api/v1/nodes');
  nodes?.write(`${JSON.stringify({ type: 'MODIFIED', object: node('n1', 8, 'eu-1a') })}\n`);
  nodes?.write(`${JSON.stringify({ type: 'MODIFIED', object: node('n2', 9, 'eu-1b') })}\n`);
  await until(() => inventory.current().nodeZones.get('n2') === 'eu-1b', 'the zone');
  assert.equal(changes, seen + 3, 'a heartbeat is not a change');

  const namespaces = watches.get('/api/v1/namespaces');
  namespaces?.write(`${JSON.stringify({ type: 'MODIFIED', object: namespace('shop', 10) })}\n`);
  namespaces?.write(`${JSON.stringify({ type: 'MODIFIED', object: namespace('shop', 11, '2026-11-22T10:00:01Z') })}\n`);
  namespaces?.write(`${JSON.stringify({ type: 'DELETED', object: namespace('leaving', 12, '2026-11-22T10:00:00Z') })}\n`);
  await until(() => !inventory.current().terminatingNamespaces.has('leaving'), 'the end of a namespace');
  assert.deepEqual([...inventory.current().terminatingNamespaces.keys()], ['shop']);
  assert.equal(changes, seen + 5, 'a label of a namespace is not a change');
  assert.deepEqual([...before.terminatingNamespaces.keys()], ['leaving']);

  for (const collection of ['/api/v1/pods', '/api/v1/nodes', '/api/v1/namespaces']) {
    const accepts = server.requests.filter(({ path, query }) => path === collection && !query.has('labelSelector'));
    assert.match(accepts.find(({ query }) => query.has('watch'))?.headers.accept ?? '', /as=PartialObjectMetadata;/);
    assert.match(accepts.find(({ query }) => !query.has('watch'))?.headers.accept ?? '', /as=PartialObjectMetadataList;/);
  }
  controller.abort();
  await running;
});
