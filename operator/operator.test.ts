/** The whole operator against the local API server, and control servers of proxies in this process. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { parse } from 'yaml';
import { createControlServer } from '../proxy/control/control-server.ts';
import { FakeDataPlane, FakeLog, FakeMetrics } from '../proxy/control/testing.ts';
import type { ResolvedSnapshot } from '../proxy/control/data-plane.ts';
import { writeKubeconfig } from '../test/local-cluster/apiserver/kubeconfig.ts';
import { TestServer } from '../test/local-cluster/apiserver/testing.ts';
import type { Lease } from './leader/lease.ts';
import type { LoadBalancerPolicy } from './api/policy.gen.ts';
import { until } from './kube/test-server.ts';
import { startOperator, type Operator } from './operator.ts';

const SYSTEM = 'outrigger-system';
const POLICIES = '/apis/outrigger.dev/v1alpha1/namespaces/shop/loadbalancerpolicies';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';
const PODS = `/api/v1/namespaces/${SYSTEM}/pods`;
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases/outrigger-operator`;

const slice = (...hosts: number[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: hosts.map((host) => ({ addresses: [`127.1.0.${host}`], conditions: { ready: true } })),
});

/** An API server with the policy kind, a Service, an EndpointSlice, a policy and the pod of one proxy that listens. */
class World {
  readonly api: TestServer;
  readonly folder: string;
  readonly dataPlane = new FakeDataPlane();
  readonly metrics = new FakeMetrics();
  readonly #context: TestContext;
  #controlPort = 0;

  private constructor(context: TestContext, api: TestServer, folder: string) {
    this.#context = context;
    this.api = api;
    this.folder = folder;
  }

  static async make(context: TestContext): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'outrigger-operator-'));
    const api = await TestServer.start();
    const world = new World(context, api, folder);
    context.after(async () => {
      await api.close();
      await rm(folder, { recursive: true, force: true });
    });
    writeKubeconfig(world.kubeconfig, { server: api.url, token: api.token });
    await api.createNamespace(SYSTEM);
    await api.createNamespace('shop');
    await world.createKind();
    await api.must('POST', '/api/v1/namespaces/shop/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    });
    await api.must('POST', SLICES, slice(21));
    return world;
  }

  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  get latest(): ResolvedSnapshot | undefined {
    return this.dataPlane.applied.at(-1);
  }

  get pushes(): number {
    return this.dataPlane.applied.length;
  }

  addresses(): string {
    return (this.latest?.pools ?? [])
      .flatMap(({ part }) => part.endpoints.map(({ address }) => address))
      .sort()
      .join(' ');
  }

  async createKind(): Promise<void> {
    const crd = new URL('../crds/loadbalancerpolicies.yaml', import.meta.url);
    await this.api.createKind(parse(await readFile(crd, 'utf8')) as Parameters<TestServer['createKind']>[0]);
  }

  async createPolicy(name = 'web', port = 8080): Promise<void> {
    await this.api.must('POST', POLICIES, {
      apiVersion: 'outrigger.dev/v1alpha1',
      kind: 'LoadBalancerPolicy',
      metadata: { name },
      spec: { listener: { port }, backendRefs: [{ name: 'web', port: 80 }] },
    });
  }

  async policy(name = 'web'): Promise<LoadBalancerPolicy> {
    return (await this.api.must('GET', `${POLICIES}/${name}`)) as unknown as LoadBalancerPolicy;
  }

  async condition(type: string, name = 'web'): Promise<string> {
    const { status } = await this.policy(name);
    const found = status?.conditions?.find((condition) => condition.type === type);
    return found ? `${found.status} ${found.reason} ${found.observedGeneration}` : 'none';
  }

  async lease(): Promise<Lease> {
    return (await this.api.must('GET', LEASE)) as unknown as Lease;
  }

  /** Needs the key that the operator makes, so it comes after the operator. */
  async startProxy(): Promise<void> {
    const secret = `/api/v1/namespaces/${SYSTEM}/secrets/outrigger-signing-key`;
    await until(async () => (await this.api.request('GET', secret)).status === 200, 'the signing key');
    const { data } = (await this.api.must('GET', secret)) as unknown as { data: Record<string, string> };
    const key = Buffer.from(data['keys'] ?? '', 'base64')
      .toString('utf8')
      .trim();
    const labels = { 'outrigger.dev/proxy': 'gateway' };
    const spec = { containers: [{ name: 'proxy', image: 'x' }] };
    const pod = await this.api.must('POST', PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'gateway-1', labels },
      spec,
    });
    const { uid } = pod['metadata'] as unknown as { uid: string };
    const { dataPlane, metrics } = this;
    const options = {
      podUid: uid,
      dataPlane,
      metrics,
      stateDir: this.folder,
      bootstrapKeys: [key],
      log: new FakeLog(),
      now: Date.now,
    };
    const control = createControlServer(options);
    await control.start('127.0.0.1', this.#controlPort);
    this.#context.after(() => control.close());
    const conditions = [{ type: 'Ready', status: 'True' }];
    const containerStatuses = [{ name: 'proxy', containerID: 'c1', restartCount: 0, state: { running: {} } }];
    const status = { phase: 'Running', podIP: '127.0.0.1', conditions, containerStatuses };
    await this.api.patch(`${PODS}/gateway-1/status`, { status });
  }

  /** All proxies share one control port, so it is chosen before the operator starts. */
  async startOperator(): Promise<Operator> {
    if (this.#controlPort === 0) this.#controlPort = await freePort();
    const operator = await startOperator(
      {
        namespace: SYSTEM,
        kubeconfig: [this.kubeconfig],
        bind: '127.0.0.1',
        observePort: 0,
        controlPort: this.#controlPort,
        logLevel: 'silent',
        podName: 'operator-1',
        podUid: undefined,
        keyOverlap: 0,
        webhookPort: 0,
      },
      pino({ level: 'silent' }),
    );
    this.#context.after(() => operator.stop());
    return operator;
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('from a policy to a snapshot, a status and an Event; a change of endpoints is pushed without changing conditions', async (context) => {
  const world = await World.make(context);
  const operator = await world.startOperator();
  await world.startProxy();
  await world.createPolicy();
  await until(async () => (await world.condition('Programmed')) === 'True Programmed 1', 'Programmed');
  assert.equal(world.addresses(), '127.1.0.21');
  assert.equal(await world.condition('Accepted'), 'True Accepted 1');
  const ready = await fetch(`http://127.0.0.1:${operator.observePort}/readyz`);
  assert.equal(ready.status, 200, await ready.text());
  const { spec } = await world.lease();
  assert.match(spec?.holderIdentity ?? '', /^operator-1_[0-9a-f-]{36}$/);
  const { items } = (await world.api.must('GET', '/apis/events.k8s.io/v1/namespaces/shop/events')) as unknown as {
    items: { reason: string; regarding: { name: string } }[];
  };
  assert.deepEqual(items.map(({ reason, regarding }) => `${regarding.name} ${reason}`).sort(), ['web Programmed', 'web Ready']);

  const before = (await world.policy()).status?.conditions;
  await world.api.must('PUT', `${SLICES}/web-1`, slice(22, 23));
  await until(() => world.addresses() === '127.1.0.22 127.1.0.23', 'the new endpoints');
  assert.deepEqual((await world.policy()).status?.conditions, before);

  await world.api.patch(`${POLICIES}/web`, { spec: { backendRefs: [{ name: 'nothing', port: 80 }] } });
  await until(async () => (await world.condition('Programmed')) === 'True Programmed 2', 'the second generation');
  assert.match(await world.condition('ResolvedRefs'), /^False .* 2$/);

  await world.api.must('DELETE', `${POLICIES}/web`);
  await until(() => world.latest?.listeners.length === 0, 'the listener to go');
});

test('an installed CustomResourceDefinition that is older than the operator shows in the metrics', async (context) => {
  const world = await World.make(context);
  const outdated = async (operator: Operator): Promise<string> => {
    const metrics = await (await fetch(`http://127.0.0.1:${operator.observePort}/metrics`)).text();
    return /^outrigger_operator_crd_outdated (\d)$/m.exec(metrics)?.[1] ?? '';
  };
  const first = await world.startOperator();
  await until(async () => (await fetch(`http://127.0.0.1:${first.observePort}/readyz`)).status === 200, 'the first to be ready');
  assert.equal(await outdated(first), '0');
  const annotations = { 'outrigger.dev/schema-version': null };
  await world.api.patch(`${CRD}/loadbalancerpolicies.outrigger.dev`, { metadata: { annotations } });
  const second = await world.startOperator();
  await until(async () => (await outdated(second)) === '1', 'the second to find an older one');
});

test('an outage of the API server removes nothing from the proxies, and everything converges afterwards', async (context) => {
  const world = await World.make(context);
  await world.createPolicy();
  await world.startOperator();
  await world.startProxy();
  await until(async () => (await world.condition('Programmed')) === 'True Programmed 1', 'Programmed');
  const { pushes } = world;
  const before = (await world.policy()).status?.conditions;
  await world.api.restart({ port: Number(new URL(world.api.url).port) });
  // The test's own connection was cut as well.
  const change = async () => (await world.api.request('PUT', `${SLICES}/web-1`, slice(24))).status === 200;
  await until(() => change().catch(() => false), 'the API server to answer again');
  await until(() => world.addresses() === '127.1.0.24', 'the change after the restart', 15_000);
  const since = world.dataPlane.applied.slice(pushes);
  assert.ok(since.every(({ listeners }) => listeners.length === 1));
  assert.deepEqual((await world.policy()).status?.conditions, before);
});

test('a kind that is deleted and created again is watched again', async (context) => {
  const world = await World.make(context);
  await world.createPolicy();
  const operator = await world.startOperator();
  await world.startProxy();
  await until(async () => (await world.condition('Programmed')) === 'True Programmed 1', 'Programmed');
  await world.api.must('DELETE', `${CRD}/loadbalancerpolicies.outrigger.dev`);
  const failed = async (): Promise<boolean> => {
    const metrics = await (await fetch(`http://127.0.0.1:${operator.observePort}/metrics`)).text();
    return Number(/watch_restarts_total\{kind="LoadBalancerPolicy"\} (\d+)/.exec(metrics)?.[1]) >= 2;
  };
  await until(failed, 'the list to fail');
  assert.equal((await fetch(`http://127.0.0.1:${operator.observePort}/readyz`)).status, 200);
  await world.createKind();
  await world.createPolicy('again', 8081);
  await until(async () => (await world.condition('Programmed', 'again')) === 'True Programmed 1', 'Programmed again', 15_000);
  assert.deepEqual(
    world.latest?.listeners.map(({ port }) => port),
    [8081],
  );
});

test('acquires the Lease again above the higher epoch of a proxy', async (context) => {
  const world = await World.make(context);
  await world.createPolicy();
  const first = await world.startOperator();
  await world.startProxy();
  await until(() => world.pushes > 0, 'a first push');
  const { epoch } = world.latest?.version ?? { epoch: 0 };
  await first.stop();
  const released = await world.lease();
  assert.equal(released.spec?.holderIdentity, '');
  // Time does not go back, but an administrator may delete the Lease, and a clock may be wrong.
  await world.api.must('PUT', LEASE, {
    ...(released as object),
    metadata: { ...released.metadata, annotations: { 'outrigger.dev/epoch': String(epoch + 3000) } },
  });
  const second = await world.startOperator();
  await until(() => (world.latest?.version.epoch ?? 0) > epoch, 'a push under a higher epoch');
  await second.stop();
  const { metadata, ...lease } = await world.lease();
  await world.api.must('PUT', LEASE, { ...lease, metadata: { ...metadata, annotations: {} } });
  const refused = world.pushes;
  await world.startOperator();
  await world.api.must('PUT', `${SLICES}/web-1`, slice(25));
  await until(() => world.addresses() === '127.1.0.25', 'the fence to be passed', 10_000);
  assert.equal(world.latest?.version.epoch, epoch + 3002);
  assert.ok(world.pushes > refused);
});

function startProcess(context: TestContext, args: string[]) {
  const main = new URL('./main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  context.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended, output: () => output };
}

test('the process: help, wrong flags, and a signal during an outage of the API server', async (context) => {
  const help = startProcess(context, ['--help']);
  assert.equal(await help.ended, 0);
  assert.match(help.output(), /--kubeconfig FILE/);
  const wrong = startProcess(context, ['--observe-port', 'x', '--log-level', 'y']);
  assert.equal(await wrong.ended, 2);
  assert.match(wrong.output(), /--namespace[^]*--log-level[^]*--observe-port[^]*see --help/);

  const folder = await mkdtemp(join(tmpdir(), 'outrigger-operator-'));
  context.after(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, 'kubeconfig');
  writeKubeconfig(kubeconfig, { server: `http://127.0.0.1:${await freePort()}`, token: 'x' });
  const port = String(await freePort());
  const flags = ['--namespace', SYSTEM, '--kubeconfig', kubeconfig, '--bind', '127.0.0.1', '--observe-port', port];
  const waiting = startProcess(context, flags);
  await until(() => waiting.output().includes('signing key cannot be read or created'), 'a first failure', 15_000);
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 503);
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
  const begin = performance.now();
  waiting.child.kill('SIGTERM');
  assert.equal(await waiting.ended, 0);
  assert.ok(performance.now() - begin < 5000);
});
