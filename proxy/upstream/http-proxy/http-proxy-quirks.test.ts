/** One test for each quirk of http-proxy-3 2.x: what the library does by default, and what the proxy does instead. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import {
  endpoint,
  eventually,
  get,
  httpBackend,
  rawBackend,
  rawRequest,
  scriptedBackend,
  opener,
  statusOf,
} from '../../testing.ts';
import type { Backend, ProxySpec } from '../../testing.ts';

const upstreamEngine = 'http-proxy';
const opened = opener();
const proxyFor = (backend: Backend, more: Partial<ProxySpec> = {}) => opened.proxyFor(backend, { upstreamEngine, ...more });

/** A backend that records the bytes it receives and answers every request with 200. */
async function recording(): Promise<{ backend: Backend; received: () => string }> {
  let received = '';
  const backend = await rawBackend((socket) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (/\r\n\r\n$/.test(received) || received.endsWith('0\r\n\r\n'))
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  return { backend, received: () => received };
}

test('quirk, default agent: connections are reused', async () => {
  const proxy = await proxyFor(await httpBackend((_req, res) => res.end('ok')));
  for (let i = 0; i < 5; i++) assert.equal(statusOf(await get(proxy.port)), 200);
  assert.deepEqual([proxy.upstream.connections.opened, proxy.upstream.connections.reused], [1, 4]);
});

test('quirk, broken response: the client is not left waiting when a backend closes within a body', async () => {
  const proxy = await proxyFor(await scriptedBackend('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', 'end'));
  const answer = await get(proxy.port);
  assert.match(answer, /half$/);
  await eventually(() => proxy.records.length === 1);
  assert.equal(proxy.records[0]?.end.how, 'upstream-broke');
});

test('quirk, timeouts: a request has a deadline, not only an idle timeout', async () => {
  const backend = await rawBackend((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  const proxy = await proxyFor(backend, { timeouts: { request: 200, idle: 100 } });
  const started = performance.now();
  await get(proxy.port);
  assert.ok(performance.now() - started < 1000);
  await eventually(() => proxy.records.length === 1);
  assert.equal(proxy.records[0]?.end.how, 'deadline');
});

test('quirk, DELETE: with a chunked body it stays one request', async () => {
  const { backend, received } = await recording();
  const proxy = await proxyFor(backend);
  const smuggled = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n';
  await rawRequest(
    proxy.port,
    `DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
  );
  assert.match(received(), /transfer-encoding: chunked/i);
  assert.doesNotMatch(received(), /content-length: 0/i);
});

test('quirk, target: a malformed address does not throw', async () => {
  const proxy = await opened.start({ endpoints: [endpoint(1, { address: '[' })], upstreamEngine, retry: { attempts: 0 } });
  assert.equal(statusOf(await get(proxy.port)), 503);
});

for (const [name, head, status] of [
  ['a bad reason phrase', 'HTTP/1.1 200 \x01\x7f\xffbad\r\ncontent-length: 2\r\n\r\nok', [200, 502]],
  ['a Trailer field', 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\ncontent-length: 2\r\n\r\nok', [200]],
  [
    'a Trailer field, in chunks',
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n',
    [200],
  ],
  ['status 000', 'HTTP/1.1 000 Nothing\r\ncontent-length: 2\r\n\r\nok', [502]],
  ['status 99', 'HTTP/1.1 99 Less\r\ncontent-length: 2\r\n\r\nok', [502]],
] as const) {
  test(`quirk, response head: ${name} from a backend does not crash the proxy`, async () => {
    const proxy = await proxyFor(await scriptedBackend(head));
    const answer = await get(proxy.port);
    assert.ok((status as readonly number[]).includes(statusOf(answer)), answer);
    assert.ok([200, 502].includes(statusOf(await get(proxy.port))), 'it still serves');
  });
}

test('quirk, errors: an error is recorded once', async () => {
  const proxy = await proxyFor(await rawBackend((socket) => socket.on('data', () => socket.resetAndDestroy())), {
    retry: { attempts: 0 },
  });
  const answer = await get(proxy.port);
  assert.equal(statusOf(answer), 503);
  assert.match(answer, /outrigger-reason: reset/);
  await eventually(() => proxy.records.length > 0);
  assert.equal(proxy.records.length, 1);
});

test('quirk, listeners: tries leave no listener on the client’s request and response', async () => {
  const backend = await httpBackend((_req, res) => {
    res.statusCode = 503;
    res.end();
  });
  const proxy = await proxyFor(backend, { retry: { attempts: 9, backOff: { base: 0, max: 0 } } });
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  await get(proxy.port);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  assert.equal(proxy.records[0]?.tries, 10);
  assert.deepEqual(warnings, []);
});

test('quirk, request fields: hop-by-hop and X-Forwarded-* fields are the proxy’s own', async () => {
  const { backend, received } = await recording();
  const proxy = await proxyFor(backend);
  await get(
    proxy.port,
    '/',
    'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nForwarded: for=6.6.6.6\r\nKeep-Alive: 5\r\nTE: gzip\r\nProxy-Connection: x\r\n',
  );
  assert.match(received(), /x-forwarded-for: 127\.0\.0\.1\r\n/i);
  assert.match(received(), /x-forwarded-proto: http\r\n/i);
  assert.match(received(), /via: 1\.1 outrigger-test\r\n/i);
  assert.doesNotMatch(received(), /6\.6\.6\.6|keep-alive: 5|\bte:|proxy-connection/i);
});

test('quirk, paths: they are forwarded unchanged', async () => {
  for (const path of ['/a?', '/a//b', '/%41%20b?x=%2e%2e&y=a?b', '/?a=1?b=2', '//double', '/a.b/..c/...']) {
    const { backend, received } = await recording();
    const pathNormalization = { decodeUnreserved: false, mergeSlashes: false, encodedSlash: 'Keep' } as const;
    const proxy = await proxyFor(backend, { listener: { pathNormalization } });
    await get(proxy.port, path);
    assert.equal(received().split('\r\n')[0], `GET ${path} HTTP/1.1`);
  }
});

test('quirk, Expect: 100 (Continue) reaches the client, and the body the backend', async () => {
  const backend = await httpBackend((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => res.end(`got ${body}`));
  });
  const proxy = await proxyFor(backend);
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
  assert.match(await rawRequest(proxy.port, `${head}`, /100 Continue\r\n\r\n/), /^HTTP\/1\.1 100 Continue/);
  assert.match(await rawRequest(proxy.port, `${head}hello`), /^HTTP\/1\.1 100 Continue[\s\S]*200 OK[\s\S]*got hello/);
});

test('quirk, Expect: a final response instead of 100 (Continue) is forwarded', async () => {
  const proxy = await proxyFor(await scriptedBackend('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n'));
  const answer = await rawRequest(proxy.port, 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 413/);
  assert.match(answer, /connection: close/i);
});

test('quirk, responses: early hints and trailers are forwarded', async () => {
  const proxy = await proxyFor(
    await scriptedBackend(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\n\r\n',
    ),
  );
  const answer = await get(proxy.port);
  assert.match(answer, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload/i);
  assert.match(answer, /0\r\nX-Sum: 42\r\n\r\n$/);
});

test('quirk, requests: trailers are forwarded', async () => {
  let trailers: unknown;
  const backend = await httpBackend((req, res) => {
    req.resume().on('end', () => {
      trailers = req.trailers;
      res.end();
    });
  });
  const proxy = await proxyFor(backend);
  await rawRequest(
    proxy.port,
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n',
  );
  assert.deepEqual({ ...(trailers as object) }, { 'x-sum': '7' });
});

test('quirk, Upgrade: h2c with a body is served as an ordinary request', async () => {
  const backend = await httpBackend((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => res.end(`${req.headers.upgrade ?? 'none'} ${body}`));
  });
  const proxy = await proxyFor(backend);
  const answer = await rawRequest(
    proxy.port,
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\nContent-Length: 4\r\n\r\nbody',
  );
  assert.match(answer, /none body/);
});

test('quirk, Upgrade: a 101 that was not asked for is a failure', async () => {
  const proxy = await proxyFor(
    await scriptedBackend('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    {
      retry: { attempts: 0 },
    },
  );
  assert.ok([502, 503].includes(statusOf(await get(proxy.port))));
});

test('quirk, environment: FORCE_FETCH_PATH has no effect', () => {
  const engine = new URL('./engine.ts', import.meta.url).href;
  const run = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `await import(${JSON.stringify(engine)}); console.log(process.env.FORCE_FETCH_PATH)`],
    {
      env: { ...process.env, FORCE_FETCH_PATH: 'true' },
      encoding: 'utf8',
    },
  );
  assert.equal(run.stdout.trim(), 'undefined');
});
