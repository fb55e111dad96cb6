import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually, get, opener, rawBackend, rawRequest, scriptedBackend } from '../../testing.ts';
import type { Backend, ProxySpec } from '../../testing.ts';

const opened = opener();
const proxyFor = (backend: Backend, more: Partial<ProxySpec> = {}) =>
  opened.proxyFor(backend, { upstreamEngine: 'http1', ...more });

test('values of request fields above ASCII arrive as they were sent, whatever the body', async () => {
  for (const body of [
    '\r\n',
    'Content-Length: 2\r\n\r\nhi',
    'Content-Length: 2\r\nExpect: 100-continue\r\n\r\nhi',
    'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  ]) {
    let received = '';
    const backend = await rawBackend((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (!/[^]\r\n\r\n$|hi$/.test(received)) return;
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const proxy = await proxyFor(backend);
    const text = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Name: \xe4\xc3\xa4\xff\r\n${body}`;
    assert.match(await rawRequest(proxy.port, text, /200 OK/), / 200 OK/);
    assert.match(received, /\r\nX-Name: \xe4\xc3\xa4\xff\r\n/, JSON.stringify(received));
  }
});

test('a large response that is kept while another endpoint is sought makes the backend wait', async () => {
  const size = 64 * 1024 * 1024; // more than the kernel's buffers
  let written = 0;
  const backend = await rawBackend((socket) => {
    const more = () => {
      while (written < size && !socket.destroyed) {
        written += 65536;
        if (!socket.write(Buffer.alloc(65536, 'x'))) return void socket.once('drain', more);
      }
    };
    socket.once('data', () => {
      socket.write(`HTTP/1.1 503 Busy\r\nContent-Length: ${size}\r\n\r\n`);
      more();
    });
  });
  const proxy = await proxyFor(backend, { retry: { attempts: 3, backOff: { base: 500, max: 500 } } });
  const socket = connect(proxy.port, '127.0.0.1');
  let got = 0;
  socket.on('data', (chunk) => (got += chunk.length));
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await eventually(() => written > 0);
  await proxy.apply({ endpoints: [] });
  let before = -1;
  await eventually(() => before === (before = written));
  assert.ok(written < size && got === 0, `${written} bytes were taken`);
  await eventually(() => got > size, 20_000);
  await eventually(() => proxy.records[0]?.end.bytesOut === size);
  socket.destroy();
});

test('a connection is not reused after bytes that follow its response, also in the same read', async () => {
  let connections = 0;
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const backend = await rawBackend((socket) => {
    connections++;
    socket.on('data', () => socket.write(`${answer}HTTP/1.1 200 OK\r\n`));
  });
  const proxy = await proxyFor(backend);
  for (let i = 1; i <= 3; i++) {
    assert.match(await get(proxy.port), /\r\n\r\nok$/);
    assert.equal(connections, i);
  }
});

test('thousands of small chunks are a few writes to the client', async () => {
  const count = 30_000;
  const body = '1\r\nx\r\n'.repeat(count);
  const proxy = await proxyFor(await scriptedBackend(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n\r\n`));
  const answer = await get(proxy.port);
  const chunks = [...answer.slice(answer.indexOf('\r\n\r\n') + 4).matchAll(/([0-9a-f]+)\r\nx+\r\n/g)];
  assert.ok(chunks.length > 0 && chunks.length < 1000, `${chunks.length} chunks`);
  assert.equal(
    chunks.reduce((sum, [, size = '']) => sum + Number.parseInt(size, 16), 0),
    count,
  );
});
