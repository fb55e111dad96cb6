/** The engine on the bytes of sockets: what the contract of all engines does not say. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { endpoint, eventually, httpBackend, opener, rawBackend, rawRequest } from '../../testing.ts';
import type { ProxySpec, TestProxy } from '../../testing.ts';

const { start, track } = opener();
const backend = track(
  await httpBackend((req, res) => {
    let body = '';
    req.setEncoding('latin1').on('data', (data: string) => (body += data));
    req.on('end', () => res.end(`${req.method} ${req.url} ${body}`));
  }),
);
const proxyWith = (spec: Partial<ProxySpec> = {}): Promise<TestProxy> =>
  start({ endpoints: [endpoint(backend.port)], downstreamEngine: 'http1', ...spec });
const open = (proxy: TestProxy) => proxy.runtime.listeners.get(proxy.port)?.listener.connections;
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test('connection fields in trailers mean nothing: the next request is served', async () => {
  const proxy = await proxyWith();
  for (const field of ['Connection: close', 'Upgrade: websocket', 'Content-Length: 9']) {
    const first = `POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${field}\r\n\r\n`;
    assert.match(await rawRequest(proxy.port, first + LAST), /POST \/1 hi[^]*GET \/last/);
  }
});

test('a head and a short body leave in one piece', async () => {
  const proxy = await proxyWith();
  const socket = connect(proxy.port, '127.0.0.1');
  const pieces: string[] = [];
  socket.setEncoding('latin1').on('data', (piece: string) => void pieces.push(piece));
  for (let i = 1; i <= 5; i++) {
    socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => pieces.length === i);
    assert.match(pieces[i - 1] ?? '', /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n[^]*GET \/x/);
  }
  socket.destroy();
});

test('a client that sends its body after the response has begun gets no 100 within that response', async () => {
  const early = track(
    await rawBackend((socket) => {
      socket.on('data', (data: Buffer) => {
        if (data.includes('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na');
        if (data.includes('hello')) socket.write('b');
      });
    }),
  );
  const proxy = await proxyWith({ endpoints: [endpoint(early.port)] });
  const socket = connect(proxy.port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  await eventually(() => answer.endsWith('\r\n\r\na'));
  socket.write('hello');
  await eventually(() => answer.endsWith('b'));
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nab$/);
  socket.destroy();
});

test('an idle connection closes in time, also after empty lines, which begin no request', async () => {
  const proxy = await proxyWith({ limits: { headTimeout: 60_000, keepAliveTimeout: 300 } });
  const answer = await rawRequest(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 OK/);
  assert.doesNotMatch(answer, / 408 /);
});

test('an empty line in two pieces begins no request either', async () => {
  const proxy = await proxyWith({ limits: { headTimeout: 300, keepAliveTimeout: 60_000 } });
  const socket = connect(proxy.port, '127.0.0.1').setNoDelay();
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  for (const bytes of ['GET /1 HTTP/1.1\r\nHost: a\r\n\r\n', '\r', '\n']) {
    socket.write(bytes);
    await eventually(() => answer.includes('GET /1'));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // More than the limit, and the time between two checks.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  socket.write(LAST);
  await eventually(() => answer.includes('GET /last'));
  assert.doesNotMatch(answer, / 408 /);
  socket.destroy();
});

test('a client that leaves is noticed while its next requests wait', async () => {
  const hangs = track(await httpBackend(() => undefined));
  const proxy = await proxyWith({ endpoints: [endpoint(hangs.port)] });
  for (const more of ['', 'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n', `POST /2 HTTP/1.1\r\n${'x'.repeat(30_000)}`]) {
    proxy.records.length = 0;
    const socket = connect(proxy.port, '127.0.0.1');
    socket.end(`GET /1 HTTP/1.1\r\nHost: a\r\n\r\n${more}`);
    await eventually(() => proxy.records.length === 1 && open(proxy) === 0);
    assert.equal(proxy.records[0]?.end.how, 'client-gone');
    socket.destroy();
  }
});

test('HTTP/1.0 keeps its connection only if the client asks and the response has a length', async () => {
  const proxy = await proxyWith();
  const old = (fields: string) => `GET / HTTP/1.0\r\n${fields}\r\n`;
  assert.match(await rawRequest(proxy.port, old('')), /\r\nConnection: close\r\n/);
  const kept = await rawRequest(proxy.port, old('Connection: keep-alive\r\n') + LAST);
  assert.match(kept, /\r\nConnection: keep-alive\r\n[^]*GET \/last/);
  const endless = track(await httpBackend((_req, res) => void (res.write('x'), res.end('y'))));
  const chunked = await proxyWith({ endpoints: [endpoint(endless.port)] });
  assert.match(await rawRequest(chunked.port, old('Connection: keep-alive\r\n')), /\r\nConnection: close\r\n\r\nxy$/);
});

test('drain closes idle connections, also those on which nothing was sent; close cuts the others', async () => {
  const hangs = track(await httpBackend(() => undefined));
  const proxy = await proxyWith({ endpoints: [endpoint(hangs.port)] });
  const idle = connect(proxy.port, '127.0.0.1').resume();
  const busy = connect(proxy.port, '127.0.0.1').resume();
  busy.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => open(proxy) === 2);
  const drained = proxy.runtime.drain(2_500);
  await eventually(() => idle.destroyed);
  assert.equal(busy.destroyed, false);
  await drained;
  await eventually(() => busy.destroyed && proxy.records.length === 1);
  assert.equal(proxy.records[0]?.end.how, 'drained');
});

/** Nothing is read meanwhile. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a request that has arrived is served, though the proxy was too busy to read it before its connection was to be closed', async () => {
  for (const drains of [false, true]) {
    const proxy = await proxyWith({ limits: { keepAliveTimeout: 300 } });
    const socket = connect(proxy.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (data: string) => (text += data));
    socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => text.includes('GET /1'));
    const drained = drains ? proxy.runtime.drain(10_000) : undefined;
    await new Promise((resolve) => setTimeout(resolve, 50));
    // After this phase of the event loop, timers that are due come before what has arrived.
    await new Promise(setImmediate);
    socket.write('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    block(1_600);
    await eventually(() => text.includes('GET /2'));
    socket.destroy();
    await drained;
  }
});
