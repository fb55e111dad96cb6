/** What connections and requests leave in memory: objects of each class are counted on the heap. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { before, describe, test } from 'node:test';
import { queryObjects } from 'node:v8';
import { DOWNSTREAM_ENGINES, UPSTREAM_ENGINES } from '../config.ts';
import { RequestBody } from '../message/request-body.ts';
import { ClientConnection } from '../downstream/http1/connection.ts';
import { ClientExchange } from '../downstream/http1/exchange.ts';
import { ClientResponse } from '../downstream/http1/response.ts';
import { Connection } from '../downstream/node-http/connection.ts';
import { Http1Exchange } from '../downstream/node-http/exchange.ts';
import { endpoint, eventually, opener, rawBackend } from '../testing.ts';
import type { TestProxy } from '../testing.ts';
import { Http1Attempt } from '../upstream/http1/attempt.ts';
import { IncomingResponse } from '../upstream/http1/incoming-response.ts';
import { HttpProxyAttempt } from '../upstream/http-proxy/attempt.ts';

const CLIENTS = 100;
/** node:http keeps some of the latest objects for reuse. */
const FEW = 20;
const CONNECTIONS = { 'node-http': Connection, http1: ClientConnection };
const OF_REQUESTS = {
  ServerResponse,
  RequestBody,
  Http1Exchange,
  ClientExchange,
  ClientResponse,
  HttpProxyAttempt,
  Http1Attempt,
  IncomingResponse,
};
const HOST = 'HTTP/1.1\r\nHost: a\r\n';
const OK = /^HTTP\/1\.1 200 /;

interface Way {
  readonly bytes: string;
  /** The client waits for this before it leaves. */
  readonly answer?: RegExp;
}

const ANSWERED: readonly Way[] = [
  { bytes: `GET / ${HOST}\r\n`, answer: OK },
  { bytes: `POST / ${HOST}Content-Length: 4\r\n\r\nbody`, answer: OK },
];
const OTHERS: readonly Way[] = [
  { bytes: '' },
  { bytes: `GET / ${HOST}X: ` },
  { bytes: `GET /never ${HOST}\r\n` },
  { bytes: `GET /never ${HOST}\r\n`.repeat(4) },
  { bytes: `POST / ${HOST}Content-Length: 100000\r\n\r\nbo` },
  { bytes: 'GET / HTTP/1.1\r\nbad head\r\n\r\n', answer: /^HTTP\/1\.1 400 / },
];

const { start, track } = opener();
const backend = await rawBackend((socket) => {
  socket.on('data', (data) => {
    const text = data.toString('latin1');
    const whole = text.startsWith('GET / ') || text.endsWith('body');
    if (whole) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
});
const endpoints = [endpoint(track(backend).port)];
let proxy: TestProxy;
const open = () => proxy.runtime.listeners.get(proxy.port)?.listener.connections;

async function client({ bytes, answer }: Way): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.write(bytes);
  await once(socket, 'connect');
  if (answer && !answer.test(String((await once(socket, 'data'))[0]))) throw new Error(`not ${answer.source}`);
  return socket.on('error', () => undefined);
}

async function enter(ways: readonly Way[]): Promise<readonly Socket[]> {
  const sockets = await Promise.all(ways.flatMap((way) => Array.from({ length: CLIENTS }, () => client(way))));
  // Refused ones may have closed already.
  await eventually(() => (open() ?? 0) >= CLIENTS * (ways.length - 1));
  return sockets;
}

async function leave(sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await eventually(() => open() === 0);
}

/** The number of objects of a class after a full collection. */
function alive(one: unknown): number {
  return queryObjects(one as never, { format: 'count' });
}

/** Waits, because the last ones may still be ending. */
async function assertFewAlive(classes: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, one] of Object.entries(classes)) {
    let count = NaN;
    const few = () => {
      // Records hold their exchanges.
      proxy.records.length = 0;
      return (count = alive(one)) <= FEW;
    };
    await eventually(few).catch(() => assert.fail(`${count} of ${name}`));
  }
}

const PAIRS = DOWNSTREAM_ENGINES.flatMap((down) => UPSTREAM_ENGINES.map((up) => [down, up] as const));
for (const [downstreamEngine, upstreamEngine] of PAIRS)
  describe(`${downstreamEngine} + ${upstreamEngine}`, () => {
    before(async () => {
      proxy = await start({ endpoints, downstreamEngine, upstreamEngine });
    });

    test('idle connections keep no objects of earlier requests', async () => {
      const sockets = await enter(ANSWERED);
      await eventually(() => proxy.records.length === sockets.length);
      await assertFewAlive(OF_REQUESTS);
      assert.equal(alive(CONNECTIONS[downstreamEngine]), sockets.length);
      await leave(sockets);
    });

    test('connections leave no objects, however they end', async () => {
      await leave(await enter([...ANSWERED, ...OTHERS]));
      await assertFewAlive({ ...CONNECTIONS, ...OF_REQUESTS });
    });
  });
