/** Against the local API server: what server-side apply makes of it, and what comes first. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { TestServer } from '../../test/local-cluster/apiserver/testing.ts';
import type { Service } from '../api/kubernetes.ts';
import { createKubeClient } from '../kube/client.ts';
import { createEventRecorder } from '../kube/event-recorder.ts';
import { until } from '../kube/test-server.ts';
import type { ProxyTarget, Translation } from '../translate/types.ts';
import { parseGatewayConfig } from './gateway-config.ts';
import { createGatewayService } from './gateway-service.ts';
import { PORT_SEQUENCER_TIMING } from './port-sequencer.ts';
import { listenersOf } from './gateway-ports.ts';
import { allHave, known } from './testing.ts';

const SYSTEM = 'outrigger-system';
const SERVICE = `/api/v1/namespaces/${SYSTEM}/services/outrigger-gateway`;
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${SYSTEM}/deployments`;

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'outrigger-gateway' },
  spec: {
    selector: { matchLabels: { app: 'g' } },
    template: { metadata: { labels: { app: 'g' } }, spec: { containers: [{ name: 'proxy', image: 'outrigger/proxy' }] } },
  },
};

type NodePorts = readonly { readonly port: number; readonly nodePort: number }[];

/** The gateways' Service beside an API server; policies, watch and proxies are played by the test. */
class World {
  readonly api: TestServer;
  readonly failures: string[] = [];
  readonly #gateway: ReturnType<typeof createGatewayService>;
  #ports: readonly number[] = [];
  /** Sidecars that should have what the gateways have, and never say so. */
  sidecars: readonly string[] = [];
  pushed: Translation | undefined;

  private constructor(api: TestServer, context: TestContext) {
    this.api = api;
    const access = { server: api.url, headers: { authorization: `Bearer ${api.token}` }, tls: {}, proxy: undefined };
    const client = createKubeClient({ current: () => Promise.resolve(access), forget: () => undefined }, 'test');
    const service = { name: 'outrigger-gateway', type: 'NodePort', selector: { app: 'g' } };
    const config = parseGatewayConfig(JSON.stringify({ deployment: 'outrigger-gateway', service }));
    if ('errors' in config) throw new Error(config.errors.join());
    this.#gateway = createGatewayService({
      ...{ client, config, namespace: SYSTEM, leading: () => true, wrote: () => undefined },
      ...{
        failed: (error) => this.failures.push(error.message),
        due: () => void this.look().catch(() => undefined),
        events: createEventRecorder({ client, instance: 'operator-1', terminating: () => false, now: Date.now }),
        random: Math.random,
      },
    });
    context.after(async () => {
      await this.#gateway.stop();
      await client.close();
      await api.close();
    });
  }

  static async make(context: TestContext): Promise<World> {
    const api = await TestServer.start();
    await api.createNamespace(SYSTEM);
    return new World(api, context);
  }

  async want(...ports: number[]): Promise<void> {
    this.#ports = ports;
    await this.look();
  }

  /** What the operator does whenever something changes: proxies acknowledge what is pushed at once. */
  async look(): Promise<void> {
    const service = await this.service();
    const { inventory, translation: given } = known(this.#ports);
    const [gateway] = given.proxies;
    const sidecars = this.sidecars.map((uid) => ({ ...(gateway as ProxyTarget), uid, sidecar: true as const }));
    const translation = { ...given, proxies: [...sidecars, ...given.proxies] };
    const services = new Map([...inventory.services, ...(service ? [[`${SYSTEM}/outrigger-gateway`, service] as const] : [])]);
    this.pushed = this.#gateway.delayRemovals({ ...inventory, services }, translation);
    this.#gateway.reconcile({ ...inventory, services }, this.pushed, this.#reports(this.pushed));
  }

  #reports(translation: Translation): ReturnType<typeof allHave> {
    return new Map([...allHave(translation)].filter(([uid]) => !this.sidecars.includes(uid)));
  }

  async service(): Promise<Service | undefined> {
    const { status, body } = await this.api.request('GET', SERVICE);
    return status === 200 ? (body as unknown as Service) : undefined;
  }

  async nodePorts(): Promise<Record<number, number>> {
    const ports = ((await this.service())?.spec.ports ?? []) as unknown as NodePorts;
    return Object.fromEntries(ports.map(({ port, nodePort }) => [port, nodePort]));
  }

  async untilPorts(...ports: number[]): Promise<Record<number, number>> {
    await until(async () => Object.keys(await this.nodePorts()).join() === ports.join(), `the ports ${ports.join()}`);
    return this.nodePorts();
  }

  get listening(): readonly number[] {
    const [first] = this.pushed?.proxies ?? [];
    return first && this.pushed ? listenersOf(this.pushed.contents, first).map(({ port }) => port) : [];
  }
}

test('without the Deployment there is no Service; with it there is one that it owns', async (context) => {
  const world = await World.make(context);
  await world.want(80);
  await until(() => world.failures.length > 0, 'a failure');
  assert.match(world.failures[0] ?? '', /no Deployment outrigger-gateway/);
  assert.equal(await world.service(), undefined);
  const made = await world.api.must('POST', DEPLOYMENTS, DEPLOYMENT);
  await world.untilPorts(80);
  const { metadata, spec } = (await world.service()) as Service;
  assert.equal(metadata.ownerReferences?.[0]?.uid, (made['metadata'] as { uid: string }).uid);
  assert.equal(spec.ports?.[0]?.targetPort, 10_080);
  const { items } = (await world.api.must('GET', `/apis/events.k8s.io/v1/namespaces/${SYSTEM}/events`)) as unknown as {
    items: { reason: string; regarding: { kind: string; name: string } }[];
  };
  assert.deepEqual(items.map(({ reason, regarding }) => `${regarding.kind} ${regarding.name} ${reason}`).sort(), [
    'Deployment outrigger-gateway GatewayServiceFailed',
    'Deployment outrigger-gateway GatewayServiceWritten',
  ]);
});

test('a port does not wait for sidecars, and they are pushed to as well', async (context) => {
  const world = await World.make(context);
  await world.api.must('POST', DEPLOYMENTS, DEPLOYMENT);
  world.sidecars = ['s'];
  const began = performance.now();
  await world.want(8080);
  await world.untilPorts(8080);
  assert.ok(performance.now() - began < PORT_SEQUENCER_TIMING.openWithin);
  assert.deepEqual(
    world.pushed?.proxies.map(({ uid }) => uid),
    ['s', 'uid-a', 'uid-b'],
  );
});

test('node ports stay with their ports, manual edits are undone, ports of other writers stay, and with its last port the Service is deleted', async (context) => {
  const world = await World.make(context);
  await world.api.must('POST', DEPLOYMENTS, DEPLOYMENT);
  await world.want(8080, 8081);
  const before = await world.untilPorts(8080, 8081);
  await world.want(8081, 8082);
  await until(async () => Object.keys(await world.nodePorts()).join() === '8081,8082', 'other ports');
  const after = await world.nodePorts();
  assert.ok(before[8081]);
  assert.equal(after[8081], before[8081]);

  // Someone removes a port, points the other elsewhere, and changes the selector.
  const edited = (await world.service()) as Service;
  const [kept] = edited.spec.ports ?? [];
  const spec = { ...edited.spec, selector: { app: 'other' }, ports: [{ ...kept, targetPort: 1 }] };
  await world.api.must('PUT', SERVICE, JSON.stringify({ ...edited, spec }));
  await world.look();
  await world.untilPorts(8081, 8082);
  const healed = (await world.service()) as Service;
  assert.deepEqual(healed.spec.selector, { app: 'g' });
  assert.deepEqual(
    healed.spec.ports?.map(({ targetPort }) => targetPort),
    [8081, 8082],
  );
  assert.equal((await world.nodePorts())[8081], before[8081]);

  const own = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'outrigger-gateway' } };
  const theirs = { ...own, spec: { ports: [{ name: 'theirs', port: 9999, protocol: 'TCP' }] } };
  const apply = { 'content-type': 'application/apply-patch+yaml' };
  await world.api.must('PATCH', `${SERVICE}?fieldManager=somebody`, JSON.stringify(theirs), apply);
  await world.look();
  await world.want(8082);
  await world.untilPorts(8082, 9999);
  await world.want();
  await until(async () => (await world.service()) === undefined, 'the Service to go');
});

test('a listener closes after its port has left the Service; a deleted Service is created again', async (context) => {
  const world = await World.make(context);
  await world.api.must('POST', DEPLOYMENTS, DEPLOYMENT);
  await world.want(8080, 8081);
  await world.untilPorts(8080, 8081);
  await world.want(8081);
  assert.deepEqual(world.listening, [8080, 8081]);
  await world.untilPorts(8081);
  assert.deepEqual(world.listening, [8080, 8081]);
  await until(() => world.listening.join() === '8081', 'the listener to close');
  await world.api.must('DELETE', SERVICE);
  await world.look();
  await world.untilPorts(8081);
});
