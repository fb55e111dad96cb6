import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { before, test, type TestContext } from 'node:test';
import { applyStep } from './certificate/renewal-steps.ts';
import { startWebhookServer, type WebhookServer } from './webhook-server.ts';
import type { CertificateSet } from './certificate/certificate-set.ts';

const NAME = 'outrigger-webhook.outrigger-system.svc';
let material: CertificateSet;
before(async () => {
  material = await applyStep('everything', undefined, [NAME], Date.now());
});

async function start(
  context: TestContext,
  review: (text: string) => string | undefined = (body) => body,
): Promise<WebhookServer> {
  const server = await startWebhookServer({ port: 0, bind: '127.0.0.1', certificate: material, review });
  context.after(() => server.close());
  return server;
}

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(port: number, { path = '/inject?timeout=3s', method = 'POST', body = '{}', headers = {} }: Sent = {}) {
  const target = { host: '127.0.0.1', port, path, method, headers, servername: NAME, ca: material.bundle, agent: false };
  const sent = request(target);
  // What is refused early is not read to its end.
  sent.on('error', () => undefined);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

test('a review gets its answer, as JSON', async (context) => {
  const { port } = await start(context, (body) => `${body.length}`);
  const answer = await send(port, { body: 'x'.repeat(1000) });
  assert.deepEqual([answer.status, answer.body, answer.headers['content-type']], [200, '1000', 'application/json']);
});

test('nothing else is served', async (context) => {
  const { port } = await start(context, () => undefined);
  const statusOf = async (sent?: Sent): Promise<unknown> => (await send(port, sent)).status;
  assert.equal(await statusOf({ path: '/' }), 404);
  assert.equal(await statusOf({ path: '/inject/' }), 404);
  assert.equal(await statusOf({ method: 'GET', body: '' }), 405);
  assert.equal(await statusOf(), 400);
});

test('a body beyond 3 MiB is refused, whether it is announced or not', async (context) => {
  const { port } = await start(context, () => 'never');
  const body = Buffer.alloc(3 * 1024 * 1024 + 1, 0x20);
  assert.equal((await send(port, { body, headers: { 'transfer-encoding': 'chunked' } })).status, 413);
  assert.equal((await send(port, { body: '', headers: { 'content-length': String(body.length) } })).status, 413);
  const largest = await send(port, { body: body.subarray(1) });
  assert.deepEqual([largest.status, largest.body], [200, 'never']);
});

async function held(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername: NAME, ca: material.bundle });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

test('the bodies that are read at the same time are bounded together', async (context) => {
  const { port } = await start(context);
  const size = 3 * 1024 * 1024;
  const head = `POST /inject HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n`;
  const sockets = await Promise.all(Array.from({ length: 8 }, () => held(port)));
  context.after(() => sockets.forEach((socket) => socket.destroy()));
  for (const socket of sockets) {
    socket.write(head);
    // All but the last byte: it waits for that.
    await new Promise((resolve) => socket.write(Buffer.alloc(size - 1, 0x20), resolve));
  }
  let status: number | undefined;
  while (status !== 503) status = (await send(port, { body: 'x'.repeat(1000) })).status;
  for (const socket of sockets) socket.destroy();
  while (status !== 200) status = (await send(port)).status;
});

test('a client without TLS, or one that disconnects at once, affects no other', async (context) => {
  const { port } = await start(context);
  const plain = await fetch(`http://127.0.0.1:${port}/inject`, { method: 'POST', body: '{}' }).catch((error: unknown) => error);
  assert.ok(plain instanceof Error);
  (await held(port)).destroy();
  assert.equal((await send(port)).status, 200);
});

test('a new certificate is presented to new connections, and open ones continue', async (context) => {
  const server = await start(context);
  const before = await held(server.port);
  context.after(() => before.destroy());
  const next = await applyStep('serving', material, [NAME], Date.now());
  server.present(next);
  const after = await held(server.port);
  context.after(() => after.destroy());
  assert.notEqual(after.getPeerCertificate().serialNumber, before.getPeerCertificate().serialNumber);
  before.write('POST /inject HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}');
  const [chunk] = (await once(before, 'data')) as [Buffer];
  assert.match(chunk.toString(), /^HTTP\/1\.1 200 /);
});
