/** The engines of HTTP/1 on real sockets: replies to what node:http would accept or answer by itself, limits, local answers. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { DOWNSTREAM_ENGINES } from '../config.ts';
import type { DownstreamEngineName } from '../config.ts';
import { endpoint, eventually, get, httpBackend, rawRequest, startProxy, statusOf } from '../testing.ts';
import type { Backend, TestProxy } from '../testing.ts';

function behaves(downstreamEngine: DownstreamEngineName): void {
  let backend: Backend;
  let proxy: TestProxy;
  before(async () => {
    backend = await httpBackend((req, res) => {
      req.resume().on('end', () => res.end(`${req.method} ${req.url} mf=${String(req.headers['max-forwards'] ?? '-')}`));
    });
    proxy = await startProxy({
      endpoints: [endpoint(backend.port)],
      maxConnections: 3,
      limits: { headTimeout: 300 },
      downstreamEngine,
    });
  });
  after(async () => {
    await proxy.close();
    await backend.close();
  });

  for (const [what, bytes, status, reason] of [
    ['a duplicate Host', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400, 'bad-request'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'bad-request'],
    ['two Content-Lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx', 400, 'bad-request'],
    [
      'Content-Length with Transfer-Encoding',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'bad-request',
    ],
    [
      'Transfer-Encoding on HTTP/1.0',
      'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'bad-request',
    ],
    ['text that is not HTTP', 'hello\r\n\r\n', 400, 'bad-request'],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 405, 'method-not-allowed'],
    ['a head over 64 KiB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 431, 'headers-too-large'],
    ['201 fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(200)}\r\n`, 431, 'headers-too-large'],
  ] as const) {
    test(`${what}: ${status}, and the connection closes`, async () => {
      const answer = await rawRequest(proxy.port, bytes);
      assert.equal(statusOf(answer), status, answer);
      assert.match(answer, new RegExp(`outrigger-reason: ${reason}\r\n`));
      assert.match(answer, /connection: close/i);
      assert.match(await proxy.metrics(), new RegExp(`outrigger_refused_total\\{reason="${reason}"\\} [1-9]`));
    });
  }

  test('HTTP/1.0 is served, and its connection closes', async () => {
    const answer = await rawRequest(proxy.port, 'GET /old HTTP/1.0\r\n\r\n');
    assert.match(answer, /200 OK[\s\S]*GET \/old/);
  });

  test('OPTIONS * is forwarded unchanged; with Max-Forwards 0 the proxy answers it', async () => {
    const head = 'Host: a\r\nConnection: close\r\n';
    assert.match(await rawRequest(proxy.port, `OPTIONS * HTTP/1.1\r\n${head}Max-Forwards: 1\r\n\r\n`), /OPTIONS \* mf=0/);
    const here = await rawRequest(proxy.port, `OPTIONS * HTTP/1.1\r\n${head}Max-Forwards: 0\r\n\r\n`);
    assert.match(here, /204 No Content[\s\S]*allow: GET/i);
    const trace = await rawRequest(proxy.port, `TRACE /x HTTP/1.1\r\n${head}Cookie: secret\r\nMax-Forwards: 0\r\n\r\n`);
    assert.match(trace, /TRACE \/x HTTP\/1\.1/);
    assert.doesNotMatch(trace, /secret/);
  });

  test('pipelined requests are answered in order', async () => {
    const answer = await rawRequest(
      proxy.port,
      'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    assert.ok(answer.indexOf('GET /1') < answer.indexOf('GET /2'));
  });

  test('connections over the limit get 503 overflow', async () => {
    const held = [1, 2, 3].map(() => connect(proxy.port, '127.0.0.1'));
    const listener = proxy.runtime.listeners.get(proxy.port)?.listener;
    await eventually(() => listener?.connections === 3);
    const answer = await get(proxy.port);
    for (const socket of held) socket.destroy();
    assert.equal(statusOf(answer), 503);
    assert.match(answer, /outrigger-reason: overflow/);
    await eventually(() => listener?.connections === 0);
    assert.equal(statusOf(await get(proxy.port)), 200);
  });

  for (const [what, bytes] of [
    ['part of a head', 'GET / HTTP/1.1\r\nHost: a\r\n'],
    ['nothing', ''],
  ] as const) {
    test(`a client that sends ${what} gets 408 in time`, async () => {
      const answer = await rawRequest(proxy.port, bytes);
      assert.match(answer, /^HTTP\/1\.1 408[\s\S]*outrigger-reason: request-timeout/);
    });
  }
}

for (const engine of DOWNSTREAM_ENGINES) describe(engine, () => behaves(engine));
