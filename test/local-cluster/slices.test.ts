import assert from 'node:assert/strict';
import test from 'node:test';
import type { Nodes } from './nodes.ts';
import type { Pod } from './pod-types.ts';
import { sliceContent, type Service } from './slices.ts';

const meta = (name: string) => ({ name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1' });
const service: Service = {
  metadata: meta('checkout'),
  spec: { selector: { app: 'checkout' }, ports: [{ name: 'http', port: 80, targetPort: 'web', appProtocol: 'http' }] },
};

function pod(name: string, ready: boolean, extra: { deleted?: boolean; app?: string; phase?: string; ip?: string } = {}): Pod {
  const { deleted = false, app = 'checkout', phase = 'Running', ip = '127.1.0.1' } = extra;
  return {
    metadata: { ...meta(name), labels: { app }, ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { nodeName: 'local', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] },
    status: { phase, podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}
const conditions = (pods: Pod[], of = service) =>
  sliceContent(of, pods).endpoints.map((each) => (each as { conditions: object }).conditions);

test('an endpoint has the fields that the real controller writes', () => {
  assert.deepEqual(sliceContent(service, [pod('a', true)], { local: 'eu-1a' }), {
    endpoints: [
      {
        addresses: ['127.1.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace: 'shop', name: 'a', uid: 'uid-a' },
        nodeName: 'local',
        zone: 'eu-1a',
      },
    ],
    ports: [{ name: 'http', protocol: 'TCP', port: 8080, appProtocol: 'http' }],
  });
});

test('conditions of ready, unready, and terminating pods are those recorded from the real controller', () => {
  const pods = [pod('a', true), pod('b', false), pod('c', true, { deleted: true }), pod('d', false, { deleted: true })];
  assert.deepEqual(conditions(pods), [
    { ready: true, serving: true, terminating: false },
    { ready: false, serving: false, terminating: false },
    { ready: false, serving: true, terminating: true },
    { ready: false, serving: false, terminating: true },
  ]);
});

test('publishNotReadyAddresses makes every endpoint ready', () => {
  const headless: Service = { ...service, spec: { ...service.spec, publishNotReadyAddresses: true } };
  assert.deepEqual(conditions([pod('b', false)], headless), [{ ready: true, serving: false, terminating: false }]);
});

test('hints for zones and nodes are those recorded from the real controller', () => {
  const pods = [pod('a', true), pod('b', false), pod('c', true, { deleted: true })];
  const hints = (trafficDistribution?: string, nodes: Nodes = { local: 'eu-1a' }) => {
    const spec = { ...service.spec, ...(trafficDistribution !== undefined && { trafficDistribution }) };
    return sliceContent({ ...service, spec }, pods, nodes).endpoints.map((each) => (each as { hints?: object }).hints);
  };
  const forZones = [{ name: 'eu-1a' }];
  const forNodes = [{ name: 'local' }];
  assert.deepEqual(hints(), [undefined, undefined, undefined]);
  assert.deepEqual(hints('PreferSameZone'), [{ forZones }, undefined, undefined]);
  assert.deepEqual(hints('PreferClose'), [{ forZones }, undefined, undefined]);
  assert.deepEqual(hints('PreferSameNode'), [{ forNodes, forZones }, undefined, undefined]);
  assert.deepEqual(hints('PreferSameNode', {}), [{ forNodes }, undefined, undefined]);
  assert.deepEqual(hints('PreferSameZone', {}), [undefined, undefined, undefined]);
});

test('pods of another label, another namespace, without address, or ended are left out', () => {
  const elsewhere = pod('x', true);
  const pods = [
    pod('a', true, { app: 'other' }),
    pod('b', true, { ip: '' }),
    pod('c', true, { phase: 'Failed' }),
    { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'other' } },
  ];
  assert.deepEqual(sliceContent(service, pods).endpoints, []);
});
