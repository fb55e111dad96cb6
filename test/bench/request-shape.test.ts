import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import test, { type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Cleanup } from './cleanup.ts';
import { writePieces } from './piecewise.ts';
import { bodyBytes, BROWSER_FIELDS, shapeOf, type RequestShape } from './request-shape.ts';
import { runLoad } from './run-load.ts';

interface Received {
  readonly line: string;
  readonly fields: number;
  readonly framing: string | undefined;
  readonly body: number;
}

async function listen(t: TestContext, server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends two requests of this shape; returns the connections, and each request as node:http sees it. */
async function send(t: TestContext, shape: RequestShape): Promise<{ connections: number; received: readonly Received[] }> {
  const cleanup = new Cleanup();
  t.after(() => cleanup.run());
  let connections = 0;
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers, rawHeaders } = request;
    const framing = headers['transfer-encoding'] ?? headers['content-length'];
    void buffer(request).then(({ length }) => {
      received.push({ line: `${method} ${url}`, fields: rawHeaders.length / 2, framing, body: length });
      response.end('hello');
    });
  }).on('connection', () => (connections += 1));
  t.after(() => server.closeAllConnections());
  const target = await listen(t, server);
  const { answered, failed } = await runLoad(cleanup, { targets: [target], connections: 1, seconds: 10, count: 2, shape });
  assert.deepEqual([answered, failed], [2, 0]);
  return { connections, received };
}

const twice = (one: Received) => [one, one];

test('a request has the method, the path, the fields and the body of its shape', async (t) => {
  const get = await send(t, { path: '/a?b=c' });
  assert.deepEqual(get.received, twice({ line: 'GET /a?b=c', fields: 1, framing: undefined, body: 0 }));
  const browser = await send(t, { browser: true });
  assert.deepEqual(browser.received, twice({ line: 'GET /', fields: BROWSER_FIELDS.length + 1, framing: undefined, body: 0 }));
  const upload = await send(t, { method: 'PUT', body: 100_000 });
  assert.deepEqual(upload.received, twice({ line: 'PUT /', fields: 2, framing: '100000', body: 100_000 }));
  assert.deepEqual([get.connections, browser.connections, upload.connections], [1, 1, 1]);
});

test('`close` takes a new connection for each request', async (t) => {
  assert.equal((await send(t, { close: true })).connections, 2);
});

test('a chunked body arrives whole, also when each chunk is a write of its own', async (t) => {
  for (const shape of [{ chunk: 1 }, { chunk: 7, write: 5 }]) {
    const { received } = await send(t, { method: 'POST', body: 1000, ...shape });
    assert.deepEqual(received, twice({ line: 'POST /', fields: 2, framing: 'chunked', body: 1000 }));
  }
});

test('pieces are written one by one, in order, and only while the peer takes them', async () => {
  const bytes = Buffer.from(Array.from({ length: 1001 }, (_, i) => i % 251));
  const pieces: Buffer[] = [];
  let most = 0;
  const peer = new Writable({
    highWaterMark: 20,
    write: (piece: Buffer, _encoding, taken) => {
      pieces.push(piece);
      most = Math.max(most, peer.writableLength);
      setImmediate(taken);
    },
  });
  writePieces(peer, bytes, 6);
  while (pieces.length < 167) await turn();
  assert.deepEqual(Buffer.concat(pieces), bytes);
  assert.ok(pieces.slice(0, -1).every(({ length }) => length === 6));
  assert.ok(most <= 24, `${most} bytes at once`);
});

test('chunks have the size that was asked for, and the last one the rest', () => {
  assert.equal(bodyBytes(5, 2).toString(), '2\r\nxx\r\n2\r\nxx\r\n1\r\nx\r\n0\r\n\r\n');
  assert.equal(bodyBytes(2, 1).toString(), '1\r\nx\r\n1\r\nx\r\n0\r\n\r\n');
  assert.equal(bodyBytes(3, undefined).toString(), 'xxx');
});

test('a size that is not a whole number above 0 is refused', () => {
  assert.deepEqual(shapeOf({ body: '12', close: true }), { body: 12, close: true });
  for (const body of ['0', '-1', '1.5', 'many', '']) assert.throws(() => shapeOf({ body }), /--body/);
});
