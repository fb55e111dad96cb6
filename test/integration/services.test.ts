/** Services and EndpointSlices that change one after the other, under load: no request may fail in between. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import test, { after, before, type TestContext } from 'node:test';
import { BACKEND_PORT, type Backend } from './backend.ts';
import { ask, Load, whoAnswers } from './client.ts';
import { Harness } from './harness.ts';
import { endpointSlice, servicePath, slicePath } from './objects.ts';

/** Milliseconds by which the slices follow their Service. */
const LATE_MS = 300;

let harness: Harness;
let backends: readonly [Backend, Backend, Backend, Backend];
before(async () => {
  harness = await Harness.start();
  backends = await harness.backends('a', 'b', 'c', 'd');
});
after(() => harness.stop());

interface Port {
  readonly name?: string;
  readonly port: number;
  readonly targetPort: number | string;
}

const createService = (name: string, ports: readonly Port[]) =>
  harness.api.create(servicePath(harness.namespace), {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
    spec: { ports },
  });

const createSlice = (service: string, name: string, ports: readonly object[], endpoints: readonly Backend[]) => {
  const made = endpointSlice(
    service,
    harness.namespace,
    endpoints.map((backend) => ({ backend })),
  );
  return harness.api.create(slicePath(harness.namespace), { ...made, metadata: { ...made.metadata, name }, ports });
};

/** Requests that must not be sent twice, and some that may, until the test ends. */
function startLoad(context: TestContext, port: number): { readonly stop: () => Promise<{ sent: number; failed: string[] }> } {
  const urls = harness.gateways.map((gateway) => gateway.url(port));
  const loads = [new Load(urls, 3, { method: 'POST' }), new Load(urls, 1)];
  const stop = async () => {
    const results = await Promise.all(loads.map((load) => load.stop()));
    return { sent: results.reduce((sum, { sent }) => sum + sent, 0), failed: results.flatMap(({ failed }) => failed) };
  };
  context.after(stop);
  return { stop };
}

async function serve(name: string, listener: number, port: number): Promise<void> {
  await harness.apply(name, { listener: { port: listener }, backendRefs: [{ name: name.split('-')[0] ?? '', port }] });
  await harness.untilProgrammed(name);
  await harness.onEachGateway('it serves', async (gateway) => (await whoAnswers(gateway.url(listener), 1)).size === 1);
}

test('the only port of a Service gets a name, and another one, while its slices follow late', async (context) => {
  const ports = (name?: string) => [{ ...(name !== undefined && { name }), port: 80, targetPort: 'main' }];
  const slicePorts = (name = '') => [{ name, protocol: 'TCP', port: BACKEND_PORT }];
  await createService('named', ports());
  await createSlice('named', 'named-1', slicePorts(), [backends[0]]);
  await createSlice('named', 'named-2', slicePorts(), [backends[1]]);
  await serve('named', 8700, 80);
  const load = startLoad(context, 8700);
  for (const name of ['web', 'http']) {
    await harness.api.patch(servicePath(harness.namespace, 'named'), { spec: { ports: ports(name) } });
    for (const slice of ['named-1', 'named-2']) {
      await pause(LATE_MS);
      await harness.api.patch(slicePath(harness.namespace, slice), { ports: slicePorts(name) });
    }
  }
  await pause(LATE_MS);
  const { sent, failed } = await load.stop();
  assert.deepEqual(failed, []);
  assert.ok(sent > 50, `${sent} requests`);
});

test('two ports with named targets are renamed at once, twice, while their slices follow late', async (context) => {
  const ports = (web: string, admin: string) => [
    { name: web, port: 80, targetPort: 'main' },
    { name: admin, port: 81, targetPort: 'mgmt' },
  ];
  // The second port leads nowhere: a request that takes it fails.
  const slicePorts = (web: string, admin: string) => [
    { name: admin, protocol: 'TCP', port: BACKEND_PORT + 1 },
    { name: web, protocol: 'TCP', port: BACKEND_PORT },
  ];
  await createService('pair', ports('w1', 'a1'));
  for (const [i, backend] of backends.entries()) await createSlice('pair', `pair-${i}`, slicePorts('w1', 'a1'), [backend]);
  await serve('pair', 8701, 80);
  const load = startLoad(context, 8701);
  for (const [web, admin] of [
    ['w2', 'a2'],
    ['w3', 'a3'],
  ] as const) {
    await harness.api.patch(servicePath(harness.namespace, 'pair'), { spec: { ports: ports(web, admin) } });
    await pause(LATE_MS);
    for (const i of backends.keys()) {
      await harness.api.patch(slicePath(harness.namespace, `pair-${i}`), { ports: slicePorts(web, admin) });
      await pause(50);
    }
  }
  await pause(LATE_MS);
  const { failed } = await load.stop();
  assert.deepEqual(failed, []);
});

test('all endpoints move to other slices, which lose them before the others have them', async (context) => {
  const ports = [{ name: 'http', protocol: 'TCP', port: BACKEND_PORT }];
  await createService('moved', [{ name: 'http', port: 80, targetPort: BACKEND_PORT }]);
  await createSlice('moved', 'moved-1', ports, backends.slice(0, 2));
  await createSlice('moved', 'moved-2', ports, []);
  await serve('moved', 8702, 80);
  const load = startLoad(context, 8702);
  const entries = endpointSlice(
    'moved',
    harness.namespace,
    backends.slice(0, 2).map((backend) => ({ backend })),
  ).endpoints;
  for (const [loses, gets] of [
    ['moved-1', 'moved-2'],
    ['moved-2', 'moved-1'],
  ] as const) {
    await harness.api.patch(slicePath(harness.namespace, loses), { endpoints: [] });
    await pause(LATE_MS);
    await harness.api.patch(slicePath(harness.namespace, gets), { endpoints: entries });
    await pause(LATE_MS);
  }
  const { failed } = await load.stop();
  assert.deepEqual(failed, []);

  await harness.api.patch(slicePath(harness.namespace, 'moved-1'), { endpoints: entries.slice(0, 1) });
  await harness.onEachGateway(
    'what was really removed is gone',
    async (gateway) => (await whoAnswers(gateway.url(8702), 10)).size === 1,
  );
});

test('the only Pod of a Service with publishNotReadyAddresses answers while it terminates', async (context) => {
  await harness.publish('single', { backend: backends[0], ready: true });
  await serve('single', 8703, 80);
  const load = startLoad(context, 8703);
  await harness.publish('single', { backend: backends[0], ready: true, serving: false, terminating: true });
  await harness.onEachGateway('it drains', async (gateway) => /"DRAIN"/.test((await ask(`${gateway.observe}/stats.json`)).body));
  await pause(LATE_MS);
  const { failed } = await load.stop();
  assert.deepEqual(failed, []);
});
