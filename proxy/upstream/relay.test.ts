/** Responses of all forms, from backend to client, with each engine. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { UPSTREAM_ENGINES } from '../config.ts';
import { FakeClient } from '../contract/test-fake-client.ts';
import { Http1Upstream } from './http1/index.ts';
import { HttpProxyUpstream } from './http-proxy/index.ts';
import { ListFields } from '../message/fields.ts';
import { TIMEOUTS, eventually, get, httpBackend, rawBackend, rawRequest, scriptedBackend, opener, statusOf } from '../testing.ts';
import type { Backend, ProxySpec } from '../testing.ts';

const opened = opener();
const ENGINES = { 'http-proxy': HttpProxyUpstream, http1: Http1Upstream };

for (const upstreamEngine of UPSTREAM_ENGINES)
  describe(upstreamEngine, () => {
    const proxyFor = (backend: Backend, more: Partial<ProxySpec> = {}) => opened.proxyFor(backend, { upstreamEngine, ...more });
    const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);

    for (const [what, request, answer, expected] of [
      [
        'HEAD',
        'HEAD / HTTP/1.1',
        'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n',
        /^HTTP\/1\.1 200[\s\S]*content-length: 5\r\n[\s\S]*\r\n\r\n$/,
      ],
      ['204', 'GET / HTTP/1.1', 'HTTP/1.1 204 No Content\r\n\r\n', /^HTTP\/1\.1 204[\s\S]*\r\n\r\n$/],
      [
        '304',
        'GET / HTTP/1.1',
        'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n',
        /^HTTP\/1\.1 304[\s\S]*etag: "x"[\s\S]*\r\n\r\n$/,
      ],
      ['an empty body', 'GET / HTTP/1.1', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', /content-length: 0[\s\S]*\r\n\r\n$/],
      [
        'chunks',
        'GET / HTTP/1.1',
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
        /chunked[\s\S]*2\r\nok\r\n0\r\n\r\n$/i,
      ],
      [
        'POST without a body',
        'POST / HTTP/1.1\r\ncontent-length: 0',
        'HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n',
        /^HTTP\/1\.1 201/,
      ],
    ] as const) {
      test(`${what} is forwarded, and the connection is reused`, async () => {
        const proxy = await proxyFor(await scriptedBackend(answer));
        const bytes = `${request}\r\nHost: a\r\nConnection: close\r\n\r\n`;
        assert.match(await rawRequest(proxy.port, bytes), expected);
        assert.match(await rawRequest(proxy.port, bytes), expected);
        assert.deepEqual([proxy.upstream.connections.opened, proxy.upstream.connections.reused], [1, 1]);
      });
    }

    test('a body that ends with the connection is whole', async () => {
      const proxy = await proxyFor(await scriptedBackend('HTTP/1.1 200 OK\r\n\r\nuntil the end', 'end'));
      assert.match(await get(proxy.port), /until the end/);
      await eventually(() => proxy.records[0]?.end.how === 'whole');
    });

    test('an HTTP/1.0 client gets no chunks', async () => {
      const proxy = await proxyFor(
        await scriptedBackend('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
      );
      const answer = await rawRequest(proxy.port, 'GET / HTTP/1.0\r\n\r\n');
      assert.doesNotMatch(answer, /chunked/i);
      assert.equal(bodyOf(answer), 'ok');
    });

    test('fields that Connection names are dropped; repeated fields stay separate', async () => {
      const proxy = await proxyFor(
        await scriptedBackend(
          'HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nX-Case: Kept\r\ncontent-length: 0\r\n\r\n',
        ),
      );
      const answer = await get(proxy.port);
      assert.doesNotMatch(answer, /x-hop/i);
      assert.match(answer, /Set-Cookie: a\r\nSet-Cookie: b\r\nX-Case: Kept/);
    });

    test('a client that reads slowly pauses the backend, and receives everything', async () => {
      const size = 64 * 1024 * 1024; // more than the kernel's buffers of both connections can hold
      let sent = 0;
      const backend = await httpBackend((_req, res) => {
        res.setHeader('content-length', size);
        const more = () => {
          while (sent < size) {
            sent += 65536;
            if (!res.write(Buffer.alloc(65536))) return void res.once('drain', more);
          }
          res.end();
        };
        more();
      });
      const proxy = await proxyFor(backend);
      const socket = connect(proxy.port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      socket.pause();
      let before = -1;
      await eventually(() => {
        const paused = sent > 0 && sent === before;
        before = sent;
        return paused;
      });
      assert.ok(sent < size, 'the backend waits');
      let got = 0;
      socket.on('data', (chunk: Buffer) => (got += chunk.length)).resume();
      await eventually(() => got > size && socket.readableEnded);
      await eventually(() => proxy.records[0]?.end.bytesOut === size);
    });

    test('a client that leaves within a body ends the backend’s response', async () => {
      let closed = false;
      const backend = await rawBackend((socket) => {
        socket.on('close', () => (closed = true));
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'));
      });
      const proxy = await proxyFor(backend);
      await rawRequest(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', /half/);
      await eventually(() => closed && proxy.records.length === 1);
      assert.equal(proxy.records[0]?.end.how, 'client-gone');
    });

    test('an answer before the end of the upload is forwarded, and closes the connection', async () => {
      const proxy = await proxyFor(await scriptedBackend('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno'));
      const answer = await rawRequest(proxy.port, `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(10)}`);
      assert.equal(statusOf(answer), 401);
      assert.match(answer, /connection: close/i);
    });

    test('a response that is kept while another endpoint is sought ends when its client leaves', async () => {
      let closed = false;
      const backend = await rawBackend((socket) => {
        socket.on('close', () => (closed = true));
        socket.on('data', () => socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\nhalf'));
      });
      const proxy = await proxyFor(backend, { retry: { attempts: 3, backOff: { base: 30, max: 30 } } });
      const asked = rawRequest(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', /half/);
      await eventually(() => proxy.upstream.connections.opened > 0);
      await proxy.apply({ endpoints: [] });
      await asked;
      await eventually(() => closed && proxy.records.length === 1);
    });

    test('a response that is kept while another endpoint is sought, and breaks off, becomes 502', async () => {
      let opened = 0;
      const backend = await rawBackend((socket) => {
        opened++;
        socket.on('data', () => {
          socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\nhalf');
          setTimeout(() => socket.resetAndDestroy(), 20);
        });
      });
      const proxy = await proxyFor(backend, { retry: { attempts: 3, backOff: { base: 400, max: 400 } } });
      const asked = get(proxy.port);
      await eventually(() => opened === 1);
      await proxy.apply({ endpoints: [] });
      const answer = await asked;
      assert.equal(statusOf(answer), 502);
      assert.match(answer, /outrigger-reason: protocol/);
      await eventually(() => proxy.records.length === 1);
      const { status, reason, end } = proxy.records[0] ?? {};
      assert.deepEqual([status, reason, end?.how], [502, 'protocol', 'whole']);
    });

    test('a head that the client\u2019s side cannot carry: the outcome is what it sent instead', async () => {
      const backend = opened.track(await scriptedBackend('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
      const x = new FakeClient('GET', '/');
      const target = { key: 'e', address: '127.0.0.1', port: backend.port, quota: undefined };
      const upstream = new ENGINES[upstreamEngine](() => performance.now());
      const attempt = upstream.start(x, x.request, target, { timeouts: TIMEOUTS, perTryTimeout: 0, deadline: Infinity });
      const answer = await attempt.answer;
      assert.ok(answer.ok);
      const end = await attempt.commit({ ...answer.head, fields: new ListFields(['x', 'a\nb']) });
      assert.deepEqual([end.how, end.instead?.status, end.bytesOut], ['whole', 502, x.bytes]);
      assert.equal(x.messages[0]?.status, 502);
      upstream.close();
    });
  });
