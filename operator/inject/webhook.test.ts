import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { json as parsed } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { json, startTestServer, statusOf, until, type Received } from '../kube/test-server.ts';
import { splitBundle } from './certificate/certificate-set.ts';
import { PROPAGATED_AFTER } from './certificate/renewal-plan.ts';
import { asking, CONFIG, KEYS, reviewOf } from './testing.ts';
import { createWebhook, type Webhook } from './webhook.ts';

const NAMESPACE = 'outrigger-system';
const SERVING_NAME = `outrigger-webhook.${NAMESPACE}.svc`;
const START = Date.now();
const DAY = 24 * 3_600_000;

interface Stored {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly webhooks?: { clientConfig: { caBundle?: string } }[];
}

/** The part of an API server that the webhook speaks to: one Secret, one configuration and its watches. */
class FakeApi {
  #version = 1;
  secret: Stored | undefined;
  configuration: Stored = { ...this.#meta('outrigger-sidecar-injector'), webhooks: [{ clientConfig: {} }] };
  patches = 0;
  readonly #watches = new Set<ServerResponse>();

  get bundle(): string {
    return Buffer.from(this.configuration.webhooks?.[0]?.clientConfig.caBundle ?? '', 'base64').toString();
  }

  readonly handle = (received: Received, response: ServerResponse): void => {
    if (received.path.includes('/secrets')) return this.#handleSecret(received, response);
    if (received.method === 'PATCH') return this.#patch(JSON.parse(received.body) as { path: string; value: string }[], response);
    assert.equal(received.query.get('fieldSelector'), 'metadata.name=outrigger-sidecar-injector');
    if (received.query.get('watch') === null) {
      return json(response, 200, { metadata: { resourceVersion: String(this.#version) }, items: [this.configuration] });
    }
    response.writeHead(200).flushHeaders();
    this.#watches.add(response.on('close', () => this.#watches.delete(response)));
  };

  /** Someone else writes the configuration. */
  write(caBundle: string): void {
    this.configuration = { ...this.#meta(this.configuration.metadata.name), webhooks: [{ clientConfig: { caBundle } }] };
    const event = `${JSON.stringify({ type: 'MODIFIED', object: this.configuration })}\n`;
    for (const watch of this.#watches) watch.write(event);
  }

  #meta(name: string): Stored {
    return { metadata: { name, uid: `uid-${name}`, resourceVersion: String(++this.#version) } };
  }

  #patch([precondition, ...operations]: { path: string; value: string }[], response: ServerResponse): void {
    if (precondition?.value !== this.configuration.metadata.resourceVersion) return json(response, 422, statusOf(422, 'Invalid'));
    this.patches++;
    assert.deepEqual(
      operations.map(({ path }) => path),
      ['/webhooks/0/clientConfig/caBundle'],
    );
    this.write(operations[0]?.value ?? '');
    json(response, 200, this.configuration);
  }

  #handleSecret({ method, body }: Received, response: ServerResponse): void {
    if (method === 'GET') return this.secret ? json(response, 200, this.secret) : json(response, 404, statusOf(404, 'NotFound'));
    const given = JSON.parse(body) as Stored;
    const clash = method === 'POST' ? this.secret : given.metadata.resourceVersion !== this.secret?.metadata.resourceVersion;
    if (clash) return json(response, 409, statusOf(409, 'Conflict'));
    this.secret = { ...given, ...this.#meta(given.metadata.name) };
    json(response, 200, this.secret);
  }
}

interface Replica {
  readonly webhook: Webhook;
  readonly port: number;
  readonly expiries: number[];
  readonly errors: string[];
}

class World {
  readonly api = new FakeApi();
  now = START;
  readonly results: string[] = [];
  keys: readonly string[] = KEYS;
  readonly #context: TestContext;

  constructor(context: TestContext) {
    this.#context = context;
  }

  async start(leading: boolean): Promise<Replica> {
    const { client } = await startTestServer(this.#context, this.api.handle);
    const port = await freePort();
    const [expiries, errors]: [number[], string[]] = [[], []];
    const webhook = createWebhook({
      ...{ client, config: CONFIG, namespace: NAMESPACE, port, bind: '127.0.0.1' },
      trustedKeys: () => this.keys,
      leading: () => leading,
      report: { onContact: () => undefined, onFailure: (_kind, error) => void errors.push(error.message) },
      metrics: {
        injected: (result) => void this.results.push(result),
        webhookCertificate: (expiry) => void expiries.push(expiry),
      },
      failed: (error) => void errors.push(error.message),
      random: Math.random,
      now: () => this.now,
    });
    const controller = new AbortController();
    const running = webhook.run(controller.signal);
    this.#context.after(async () => {
      controller.abort();
      await running;
    });
    return { webhook, port, expiries, errors };
  }

  /**
   * As the API server does it: verified by the bundle that the configuration has at this moment. OpenSSL knows only the time that it
   * is: where ours is another, what it refuses for its time alone is verified here.
   */
  async ask({ port }: Replica, body = reviewOf(asking())) {
    const { bundle } = this.api;
    const options = { host: '127.0.0.1', port, path: '/inject', method: 'POST', servername: SERVING_NAME, agent: false };
    const sent = request({ ...options, ca: bundle, rejectUnauthorized: this.now === START });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const shown = (response.socket as TLSSocket).getPeerX509Certificate();
    assert.ok(shown);
    assert.equal(shown.checkHost(SERVING_NAME), SERVING_NAME);
    assert.ok(shown.validFromDate.getTime() <= this.now && this.now < shown.validToDate.getTime(), 'it holds now');
    const vouches = (pem: string): boolean => shown.verify(new X509Certificate(pem).publicKey);
    assert.ok(splitBundle(bundle).some(vouches), 'the bundle vouches for it');
    const serial = shown.serialNumber;
    const { response: answer } = (await parsed(response)) as { response: { allowed: boolean; patch?: string } };
    return { ...answer, serial };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const serving = (...replicas: Replica[]): Promise<void> =>
  until(() => replicas.every(({ webhook }) => webhook.problem === undefined), 'the webhooks to serve');

test('replicas agree on certificates, the leader passes the bundle to the API server, and Pods are injected over TLS', async (context) => {
  const world = new World(context);
  const [follower, leader] = [await world.start(false), await world.start(true)];
  assert.match(leader.webhook.problem ?? '', /no certificate/);
  await serving(follower, leader);
  await until(() => world.api.bundle !== '', 'the bundle');
  const [first, second] = [await world.ask(leader), await world.ask(follower)];
  assert.equal(first.serial, second.serial);
  assert.ok(first.allowed && first.patch && second.patch);
  assert.match(Buffer.from(first.patch, 'base64').toString(), new RegExp(KEYS.join(',')));
  world.keys = ['C'.repeat(43)];
  const { patch = '' } = await world.ask(leader);
  assert.match(Buffer.from(patch, 'base64').toString(), /"OUTRIGGER_TRUSTED_KEYS","value":"C{43}"/);
  await world.ask(leader, reviewOf(asking({ hostNetwork: true })));
  assert.deepEqual(world.results, ['injected', 'injected', 'injected', 'refused']);
});

test('a bundle that someone removes is restored, by the leader only', async (context) => {
  const world = new World(context);
  const follower = await world.start(false);
  await serving(follower);
  assert.equal(world.api.bundle, '');
  const leader = await world.start(true);
  await serving(leader);
  await until(() => world.api.bundle !== '', 'the bundle');
  const { bundle } = world.api;
  const before = world.api.patches;
  world.api.write('');
  await until(() => world.api.bundle === bundle, 'the bundle to be back');
  assert.equal(world.api.patches, before + 1);
});

test('during a whole rotation no handshake fails on any replica, in whatever order they read the Secret', async (context) => {
  const world = new World(context);
  const [leader, follower] = [await world.start(true), await world.start(false)];
  await serving(leader, follower);
  await until(() => world.api.bundle !== '', 'the bundle');
  const { serial } = await world.ask(leader);
  let asked = 0;
  const both = async (): Promise<string[]> => {
    asked += 2;
    return [(await world.ask(leader)).serial, (await world.ask(follower)).serial];
  };
  /** The leader looks first; handshakes go on before the follower has looked, and after. */
  const step = async (what: string, advance: number, done: () => boolean): Promise<string[]> => {
    world.now += advance;
    leader.webhook.reconcile();
    await until(async () => (await both()).length === 2 && done(), what);
    follower.webhook.reconcile();
    await until(async () => new Set(await both()).size === 1, `${what}, on both`);
    return both();
  };
  const certificates = (): number => splitBundle(world.api.bundle).length;
  const made = leader.expiries.length;
  for (const renewal of [1, 2, 3]) {
    const [renewed] = await step('another certificate', 61 * DAY, () => leader.expiries.length === made + renewal);
    assert.notEqual(renewed, serial);
  }
  const [kept] = await step('both authorities', 61 * DAY, () => certificates() === 2);
  const [signed] = await step('a certificate by the successor', PROPAGATED_AFTER * 2, () => leader.expiries.length === made + 4);
  assert.notEqual(signed, kept);
  assert.equal(certificates(), 2);
  await step('the old authority to go', PROPAGATED_AFTER * 2, () => certificates() === 1);
  assert.ok(asked >= 16);
  assert.deepEqual([leader.errors, follower.errors], [[], []]);
});

test('a port in use is tried again', async (context) => {
  const world = new World(context);
  const first = await world.start(true);
  await serving(first);
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as AddressInfo;
  const { client } = await startTestServer(context, world.api.handle);
  const errors: string[] = [];
  const webhook = createWebhook({
    ...{ client, config: CONFIG, namespace: NAMESPACE, port, bind: '127.0.0.1', trustedKeys: () => KEYS, leading: () => false },
    report: { onContact: () => undefined, onFailure: () => undefined },
    metrics: { injected: () => undefined, webhookCertificate: () => undefined },
    failed: (error) => void errors.push(error.message),
    random: () => 0,
    now: () => world.now,
  });
  const controller = new AbortController();
  const running = webhook.run(controller.signal);
  await until(() => errors.some((message) => message.includes('EADDRINUSE')), 'the port to be refused');
  assert.match(webhook.problem ?? '', /no certificate/);
  blocker.close();
  await until(() => webhook.problem === undefined, 'the webhook to serve');
  controller.abort();
  await running;
});
