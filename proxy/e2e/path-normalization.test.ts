/** listener.pathNormalization on a whole data plane: changes of it, and everything that a path decides. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { endpoint, eventually, get, httpBackend, opener, rawRequest, statusOf } from '../testing.ts';
import type { ProxySpec } from '../testing.ts';
import type { Match, PathNormalization, Route } from '../snapshot/types.ts';

const { start, track } = opener();
/** The target of each request that the backend received. */
const received: (string | undefined)[] = [];
const backend = track(
  await httpBackend((req, res) => {
    received.push(req.url);
    res.end('ok');
  }),
);

const OFF: PathNormalization = { decodeUnreserved: false, mergeSlashes: false, encodedSlash: 'Keep' };
const DECODE: PathNormalization = { decodeUnreserved: true, mergeSlashes: true, encodedSlash: 'Decode' };
const UNDER_ADMIN: Match = { path: { type: 'PathPrefix', value: '/admin' } };
const ADMIN = { matches: [UNDER_ADMIN] };

function spec(pathNormalization: PathNormalization | undefined, route: Partial<Route> = {}): ProxySpec {
  return {
    endpoints: [endpoint(backend.port)],
    route,
    ...(pathNormalization && { listener: { pathNormalization } }),
  };
}

function keptAlive(port: number) {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  return {
    /** The status. */
    ask: async (target: string) => {
      assert.ok(socket.writable, 'the connection was closed');
      text = '';
      socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await eventually(() => /\r\n\r\n./.test(text));
      return statusOf(text);
    },
    close: () => Promise.resolve(void socket.destroy()),
  };
}

test('a change takes effect with the next request, on an open connection', async () => {
  const proxy = await start(spec(OFF, ADMIN));
  const socket = track(keptAlive(proxy.port));
  const target = '//%61dmin%2fx';
  assert.equal(await socket.ask(target), 404);
  assert.equal(await socket.ask('/admin//%61'), 200);
  assert.equal(received.at(-1), '/admin//%61');

  await proxy.apply(spec(DECODE, ADMIN));
  assert.equal(await socket.ask(target), 200);
  assert.equal(received.at(-1), '/admin/x');

  await proxy.apply(spec({ ...DECODE, mergeSlashes: false }, ADMIN));
  assert.equal(await socket.ask(target), 404);

  await proxy.apply(spec(undefined, ADMIN));
  assert.equal(await socket.ask(target), 404, 'kept, %2F separates no segments');
  assert.equal(await socket.ask('//%61dmin/%2f'), 200);
  assert.equal(received.at(-1), '/admin/%2F');

  await proxy.apply(spec({ ...DECODE, encodedSlash: 'Reject' }, ADMIN));
  assert.equal(await socket.ask(target), 400);
});

test('a request that is refused is counted, reaches no backend, and costs only its own connection', async () => {
  const proxy = await start(spec(undefined));
  const other = track(keptAlive(proxy.port));
  assert.equal(await other.ask('/'), 200);
  const before = received.length;
  assert.match(
    await get(proxy.port, '/%zz'),
    /^HTTP\/1\.1 400 [\s\S]*outrigger-reason: bad-request[\s\S]*write a percent sign as %25/,
  );
  assert.equal(received.length, before);
  assert.match(await proxy.metrics(), /outrigger_refused_total\{reason="bad-request"\} 1/);
  assert.equal(await other.ask('/'), 200);
  await eventually(() => proxy.records.length === 2);
});

test('a snapshot without the setting, of an older operator: the defaults', async () => {
  const proxy = await start(spec(undefined, ADMIN));
  for (const target of ['/%61dmin', '//admin', '/admin']) {
    assert.equal(statusOf(await get(proxy.port, `${target}?q=%61//`)), 200, target);
    assert.equal(received.at(-1), '/admin?q=%61//');
  }
  for (const target of ['/admin%2Fx', '/admin;x']) assert.equal(statusOf(await get(proxy.port, target)), 404, target);
});

test('the record keeps the target as received', async () => {
  const proxy = await start(spec(undefined));
  await get(proxy.port, '//%61%2f?b=%61');
  await eventually(() => proxy.records.length === 1);
  const { path, target, receivedTarget } = proxy.records.at(-1)?.exchange.request ?? {};
  assert.deepEqual([path, target, receivedTarget], ['/a%2F', '/a%2F?b=%61', '//%61%2f?b=%61']);
});

test('a rewrite starts from the normalized path', async () => {
  const urlRewrite: Route['urlRewrite'] = { path: { type: 'ReplacePrefixMatch', value: '/v2' } };
  const proxy = await start(spec(DECODE, { ...ADMIN, urlRewrite }));
  for (const target of ['/%61dmin//x%2Fy?q=//', '//admin/%78/y?q=//']) {
    assert.equal(statusOf(await get(proxy.port, target)), 200, target);
    assert.equal(received.at(-1), '/v2/x/y?q=//');
  }
});

const locationOf = (answer: string) => /^location: (.*)$/im.exec(answer)?.[1];

test('Location has the normalized path', async () => {
  const path = { type: 'ReplacePrefixMatch', value: '/new' } as const;
  const moved = await start(spec(undefined, { ...ADMIN, destinations: [], requestRedirect: { path, statusCode: 302 } }));
  assert.equal(locationOf(await get(moved.port, '//%61dmin//x?q=//%61')), `http://test.example:${moved.port}/new/x?q=//%61`);
  const secure = await start(spec(undefined, { destinations: [], requestRedirect: { scheme: 'https', statusCode: 301 } }));
  assert.equal(locationOf(await get(secure.port, '//evil.example//%61')), 'https://test.example/evil.example/a');
});

test('Location names no host of the client’s, also where slashes are not merged', async () => {
  const redirects: readonly Omit<NonNullable<Route['requestRedirect']>, 'statusCode'>[] = [
    { scheme: 'https' },
    { path: { type: 'ReplacePrefixMatch', value: '' } },
    { path: { type: 'ReplacePrefixMatch', value: '/' } },
  ];
  const targets = ['//evil.example/', '/%2Fevil.example/', '/%2f/evil.example', '/admin//evil.example', '/admin/%2Fevil.example'];
  for (const encodedSlash of ['Keep', 'Decode'] as const)
    for (const redirect of redirects) {
      const route = { matches: [UNDER_ADMIN, {}], destinations: [], requestRedirect: { ...redirect, statusCode: 302 } } as const;
      const proxy = await start(spec({ decodeUnreserved: true, mergeSlashes: false, encodedSlash }, route));
      for (const target of targets)
        // Without Host, which HTTP/1.0 allows, Location is only a path.
        for (const [host, expected] of [['', 'asked.example'] as const, ['Host: test.example\r\n', 'test.example'] as const]) {
          const answer = await rawRequest(proxy.port, `GET ${target} HTTP/1.0\r\n${host}\r\n`);
          const location = locationOf(answer) ?? assert.fail(answer);
          assert.equal(new URL(location, 'http://asked.example/').hostname, expected, `${target}: ${location}`);
        }
    }
});

test('spellings of one path have one hash', async () => {
  const backends = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name) => track(await httpBackend((_req, res) => res.end(name)))),
  );
  const hashOn = { type: 'Path' } as const;
  const loadBalancer = { type: 'ConsistentHash', consistentHash: { algorithm: 'Rendezvous', hashOn } } as const;
  const proxy = await start({
    endpoints: backends.map(({ port }, i) => endpoint(port, { hashKey: `pod-${i}` })),
    part: { loadBalancer },
  });
  // Tables are built between requests: until they are complete, a key may go to any endpoint.
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  const place = async (target: string) => (await get(proxy.port, target)).split('\r\n\r\n')[1];
  const all = new Set<string | undefined>();
  for (let i = 0; i < 20; i++) {
    const at = await place(`/user/${i}/%C3%A9`);
    for (const other of [`//user/${i}/%c3%a9`, `/%75ser//${i}/%C3%a9?q`]) assert.equal(await place(other), at);
    all.add(at);
  }
  assert.equal(all.size, 4);
});

test('Max-Forwards 0: TRACE answers the line as received, OPTIONS * stays', async () => {
  const proxy = await start(spec(undefined));
  const ask = (line: string) =>
    rawRequest(proxy.port, `${line} HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n`);
  assert.match(await ask('TRACE //%61?b=//'), /200 OK[\s\S]*\r\nTRACE \/\/%61\?b=\/\/ HTTP\/1\.1\r\n/);
  assert.equal(statusOf(await ask('OPTIONS *')), 204);
  assert.equal(statusOf(await ask('OPTIONS //')), 204);
  assert.equal(statusOf(await ask('TRACE /%zz')), 400);
  assert.equal(statusOf(await rawRequest(proxy.port, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')), 200);
  assert.equal(received.at(-1), '*');
});
