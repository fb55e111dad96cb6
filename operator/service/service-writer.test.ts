/** The writer alone: when it writes, how often, what it says. What the API server makes of it: gateway-service.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../api/kubernetes.ts';
import type { Call, KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/api-error.ts';
import { createEventRecorder } from '../kube/event-recorder.ts';
import { fakeClock } from '../util/testing.ts';
import { parseGatewayConfig } from './gateway-config.ts';
import { ServiceWriter } from './service-writer.ts';

const NAMESPACE = 'outrigger-system';
const FILE = {
  deployment: 'outrigger-gateway',
  service: {
    name: 'outrigger-gateway',
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    loadBalancerClass: 'example.com/lb',
    annotations: { 'example.com/a': 'b' },
    labels: { team: 'edge' },
    selector: { app: 'outrigger-gateway' },
  },
};

function configOf(service: object = {}) {
  const config = parseGatewayConfig(JSON.stringify({ ...FILE, service: { ...FILE.service, ...service } }));
  if ('errors' in config) throw new Error(config.errors.join('\n'));
  return config;
}

const ports = (...numbers: number[]) => new Map(numbers.map((port) => [port, 'HTTP'] as const));

/** An API server that keeps the last Service that was applied. */
function setup(service: object = {}) {
  const clock = fakeClock();
  const state = { leading: true, error: undefined as Error | undefined, deployment: true, version: 100, foreign: [] as number[] };
  const calls: Call[] = [];
  const reported: string[] = [];
  const results: string[] = [];
  let stored: Service | undefined;
  const call = async (request: Call): Promise<unknown> => {
    calls.push(request);
    const { method = 'GET', body } = request;
    if (method === 'POST') return void reported.push((body as { reason: string }).reason);
    if (method === 'GET') {
      if (!state.deployment) throw new ApiError(404, 'NotFound', 'gone');
      return { metadata: { uid: 'deployment-uid' } };
    }
    if (state.error) throw state.error;
    if (method === 'DELETE') return void (stored = undefined);
    const applied = structuredClone(body) as Service;
    const extra = state.foreign.map((port) => ({ port, name: `foreign-${port}`, protocol: 'TCP' }));
    const version = String((state.version += 1));
    const metadata = { ...applied.metadata, uid: 'service-uid', resourceVersion: version };
    stored = { ...applied, metadata, spec: { ...applied.spec, ports: [...(applied.spec.ports ?? []), ...extra] } };
    return stored;
  };
  let changes = 0;
  const client = { call: call as KubeClient['call'] };
  const writer = new ServiceWriter({
    client,
    config: configOf(service),
    namespace: NAMESPACE,
    leading: () => state.leading,
    events: createEventRecorder({ client, instance: 'operator-1', terminating: () => false, now: () => 0 }),
    wrote: (result) => results.push(result),
    failed: (error) => reported.push(error.message),
    changed: () => void (changes += 1),
    random: () => 1,
    clock,
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
  const writes = () => calls.filter(({ method }) => method === 'PATCH' || method === 'DELETE');
  return { clock, state, calls, reported, results, writer, settle, writes, stored: () => stored, changes: () => changes };
}

test('applies the whole Service under its own field manager, once, owned by the Deployment', async () => {
  const { writer, settle, writes, stored, changes } = setup();
  writer.setDesired(ports(80, 8080));
  await settle();
  const { path, query, contentType, body } = writes()[0] as Call;
  assert.equal(path, '/api/v1/namespaces/outrigger-system/services/outrigger-gateway');
  assert.deepEqual(query, { fieldManager: 'outrigger-gateway-service', force: 'true' });
  assert.equal(contentType, 'application/apply-patch+yaml');
  assert.deepEqual(body, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'outrigger-gateway',
      namespace: NAMESPACE,
      labels: { team: 'edge', 'outrigger.dev/managed-by': 'outrigger-operator' },
      annotations: { 'example.com/a': 'b' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'outrigger-gateway', uid: 'deployment-uid' }],
    },
    spec: {
      type: 'LoadBalancer',
      selector: { app: 'outrigger-gateway' },
      ports: [
        { name: 'http-80', port: 80, protocol: 'TCP', targetPort: 10_080, appProtocol: 'http' },
        { name: 'http-8080', port: 8080, protocol: 'TCP', targetPort: 8080, appProtocol: 'http' },
      ],
      externalTrafficPolicy: 'Local',
      loadBalancerClass: 'example.com/lb',
    },
  });
  assert.deepEqual([...writer.published], [80, 8080]);
  assert.equal(changes(), 1);
  // Neither before nor after the watch has caught up is anything written again.
  writer.observe(undefined);
  writer.setDesired(ports(80, 8080));
  await settle();
  writer.observe(stored());
  writer.setDesired(ports(80, 8080));
  await settle();
  assert.equal(writes().length, 1);
});

test('fields that the type does not allow are left out, as the API server would refuse them', async () => {
  for (const [type, left] of [
    ['ClusterIP', {}],
    ['NodePort', { externalTrafficPolicy: 'Local' }],
  ] as const) {
    const { writer, settle, writes } = setup({ type });
    writer.setDesired(ports(8080));
    await settle();
    const { ports: _, selector: _selector, ...spec } = (writes()[0]?.body as Service).spec;
    assert.deepEqual(spec, { type, ...left });
  }
});

test('edits of applied fields are undone; fields that others added stay', async () => {
  const { writer, state, settle, writes, stored } = setup();
  writer.setDesired(ports(8080, 8081));
  await settle();
  const whole = stored();
  assert.ok(whole);
  const [first, second] = whole.spec.ports ?? [];
  assert.ok(first && second);
  const edits: Record<string, (service: Service) => Service> = {
    type: (service) => ({ ...service, spec: { ...service.spec, type: 'ClusterIP' } }),
    selector: (service) => ({ ...service, spec: { ...service.spec, selector: { app: 'outrigger-gateway', more: 'x' } } }),
    policy: (service) => ({ ...service, spec: { ...service.spec, externalTrafficPolicy: 'Cluster' } }),
    'a port': (service) => ({ ...service, spec: { ...service.spec, ports: [first] } }),
    'a target': (service) => ({ ...service, spec: { ...service.spec, ports: [{ ...first, targetPort: 1 }, second] } }),
    annotation: (service) => ({ ...service, metadata: { ...service.metadata, annotations: {} } }),
    label: (service) => ({
      ...service,
      metadata: { ...service.metadata, labels: { 'outrigger.dev/managed-by': 'outrigger-operator' } },
    }),
    owner: (service) => ({ ...service, metadata: { ...service.metadata, ownerReferences: [] } }),
    everything: () => ({ ...whole, metadata: { ...whole.metadata, uid: 'x' }, spec: {} }),
  };
  for (const [what, edit] of Object.entries(edits)) {
    const before = writes().length;
    const current = stored() as Service;
    const edited = edit(current);
    const version = String((state.version += 1));
    writer.observe({ ...edited, metadata: { ...edited.metadata, resourceVersion: version } });
    writer.setDesired(ports(8080, 8081));
    await settle();
    assert.equal(writes().length, before + 1, what);
    writer.observe(stored());
  }
  const before = writes().length;
  state.foreign = [9999];
  const current = stored() as Service;
  const added: Service = {
    ...current,
    metadata: {
      ...current.metadata,
      resourceVersion: String((state.version += 1)),
      annotations: { 'example.com/a': 'b', c: 'd' },
    },
    spec: { ...current.spec, ports: [...(current.spec.ports ?? []), { port: 9999 }] },
  };
  for (let i = 0; i < 3; i++) {
    writer.observe(i === 0 ? added : stored());
    writer.setDesired(ports(8080, 8081));
    await settle();
  }
  assert.equal(writes().length, before + 1, 'tried once, and then left alone');
});

test('there is no Service without ports; only the observed one is deleted, and none that others created', async () => {
  const { writer, settle, writes, stored, results } = setup();
  writer.setDesired(ports());
  await settle();
  assert.equal(writes().length, 0);
  writer.setDesired(ports(8080));
  await settle();
  const made = stored();
  assert.ok(made);
  writer.observe(made);
  writer.setDesired(ports());
  await settle();
  assert.deepEqual(writes().at(-1)?.body, { preconditions: { uid: 'service-uid' } });
  assert.deepEqual(results, ['applied', 'deleted']);
  assert.deepEqual([...writer.published], []);
  writer.setDesired(ports());
  await settle();
  assert.equal(writes().length, 2);
  const foreign = { ...made, metadata: { ...made.metadata, resourceVersion: '900', labels: {} } };
  writer.observe(foreign);
  writer.setDesired(ports());
  await settle();
  assert.equal(writes().length, 2);
  const terminating = { ...made, metadata: { ...made.metadata, resourceVersion: '901', deletionTimestamp: 'x' } };
  writer.observe(terminating);
  writer.setDesired(ports(8080));
  await settle();
  assert.equal(writes().length, 2, 'what is going is waited for');
});

test('a Service that others created is not taken over, and that is reported', async () => {
  const { writer, settle, writes, reported } = setup();
  writer.observe({ metadata: { name: 'outrigger-gateway', uid: 'u', resourceVersion: '1', creationTimestamp: 'x' }, spec: {} });
  writer.setDesired(ports(8080));
  await settle();
  assert.equal(writes().length, 0);
  assert.match(reported[0] ?? '', /did not make is in its place: remove it/);
});

test('writes nothing unless leading, and nothing after stop', async () => {
  const { state, writer, settle, calls } = setup();
  state.leading = false;
  writer.setDesired(ports(8080));
  await settle();
  assert.equal(calls.length, 0);
  await writer.stop();
  state.leading = true;
  writer.setDesired(ports(8080));
  await settle();
  assert.equal(calls.length, 0);
});

test('without the Deployment, or when a write fails: tried again with back-off, counted, reported once, and so is the recovery', async () => {
  const { clock, state, writer, settle, reported, results, writes } = setup();
  state.deployment = false;
  writer.setDesired(ports(8080));
  await settle();
  assert.equal(writes().length, 0);
  assert.match(reported[0] ?? '', /there is no Deployment outrigger-gateway in outrigger-system/);
  assert.equal(reported[1], 'GatewayServiceFailed');
  clock.advance(499);
  await settle();
  assert.equal(results.length, 1, 'not before the back-off is over');
  clock.advance(1);
  await settle();
  assert.equal(results.length, 2);
  assert.equal(reported.filter((one) => one === 'GatewayServiceFailed').length, 1);
  state.deployment = true;
  state.error = new ApiError(403, 'Forbidden', 'no');
  clock.advance(1000);
  await settle();
  assert.equal(reported.filter((one) => one === 'GatewayServiceFailed').length, 2, 'another cause is another Event');
  state.error = undefined;
  clock.advance(2000);
  await settle();
  assert.deepEqual(results, ['failed', 'failed', 'failed', 'applied']);
  assert.equal(reported.at(-1), 'GatewayServiceWritten');
});

test('a write that is undone before the watch shows it is repeated', async () => {
  const { clock, writer, settle, writes } = setup();
  writer.setDesired(ports(8080));
  await settle();
  writer.observe(undefined);
  writer.setDesired(ports(8080));
  await settle();
  assert.equal(writes().length, 1);
  clock.advance(10_000);
  writer.observe(undefined);
  writer.setDesired(ports(8080));
  await settle();
  assert.equal(writes().length, 2);
});
