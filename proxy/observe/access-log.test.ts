/** The lines of the access log, for requests that a proxy has really served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAccessLog } from './access-log.ts';
import { endpoint, eventually, get, httpBackend, opener, rawRequest } from '../testing.ts';
import type { TestProxy } from '../testing.ts';
import type { AccessLog, Route } from '../snapshot/types.ts';

const { start, proxyFor } = opener();
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const ON: AccessLog = { enabled: true, samplePercent: 100 };

type Line = Record<string, unknown>;

/** What the access log writes about all that the proxy has recorded, as text. */
function written(proxy: TestProxy, unroutedPercent = 0, random = () => 0.5): string[] {
  const lines: string[] = [];
  const write = (fields: object) => void lines.push(`${JSON.stringify(fields)}\n`);
  const { record, replied } = createAccessLog({ write, random, unroutedPercent });
  proxy.records.forEach(record);
  proxy.earlyReplies.forEach(replied);
  return lines;
}

const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Line);

async function served(route: Partial<Route>, target: string, fields = '', method = 'GET'): Promise<Line> {
  const backend = await httpBackend((req, res) => req.resume().on('end', () => res.end('hello')));
  const proxy = await proxyFor(backend, { route: { accessLog: ON, ...route } });
  await rawRequest(proxy.port, `${method} ${target} HTTP/1.1\r\nHost: Shop.test:80\r\nConnection: close\r\n${fields}\r\n`);
  await eventually(() => proxy.records.length === 1);
  return parsed(written(proxy))[0] ?? assert.fail();
}

test('every field of a line', async () => {
  const matches = [{ path: { type: 'PathPrefix', value: '/a/' } }] as const;
  const fields = `User-Agent: curl/8\r\nTraceparent: 00-${TRACE}-${SPAN}-01\r\nX-Request-Id: id-1\r\nAuthorization: s3cret\r\n`;
  const line = await served({ matches, accessLog: { ...ON, query: 'Include' } }, '/a/b?q=1&sig=s3cret', fields);
  const { durationMs, upstreamMs, endpoint: name, ...rest } = line;
  assert.deepEqual(rest, {
    access: true,
    policy: 'default/p',
    'http.route': '/a/',
    'client.address': '127.0.0.1',
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'server.address': 'shop.test',
    'url.path': '/a/b',
    'url.query': 'q=1&sig=REDACTED',
    'network.protocol.version': '1.1',
    'user_agent.original': 'curl/8',
    'http.response.status_code': 200,
    tries: 1,
    end: 'whole',
    'http.request.body.size': 0,
    'http.response.body.size': 5,
    requestId: 'id-1',
    trace_id: TRACE,
    span_id: SPAN,
  });
  assert.match(String(name), /^pod:\d+$/);
  assert.ok(Number(durationMs) >= Number(upstreamMs) && Number(upstreamMs) > 0, JSON.stringify(line));
});

test('what a request does not have is left out', async () => {
  const line = await served({}, '/?', 'Traceparent: 00-1-2-3\r\n');
  assert.equal(line['http.route'], '/');
  for (const name of ['url.query', 'url.original', 'user_agent.original', 'trace_id', 'span_id', 'reason'])
    assert.ok(!(name in line), name);
});

test('a policy may omit queries, as an older operator does; bodies are counted', async () => {
  const fields = 'Content-Length: 3\r\n\r\nabc';
  for (const accessLog of [ON, { ...ON, query: 'Omit' } as const]) {
    const line = await served({ accessLog }, '/a?s3cret', fields, 'POST');
    assert.deepEqual([line['url.path'], line['url.query'], line['http.request.body.size']], ['/a', undefined, 3]);
    assert.doesNotMatch(JSON.stringify(line), /s3cret/);
  }
});

test('long paths and queries are cut: those of strangers, without a policy, sooner', async () => {
  const long = (n: number) => 'x'.repeat(n);
  const accessLog = { ...ON, query: 'Include' } as const;
  const line = await served({ accessLog }, `/%61${long(20_000)}?${long(20_000)}`);
  assert.deepEqual(
    [line['url.path'], line['url.query'], line['url.original']],
    [`/a${long(4094)}`, long(4096), `/%61${long(4092)}`],
  );
  const proxy = await start({ endpoints: [], route: { hostnames: ['other.test'] } });
  await get(proxy.port, `/%61${long(20_000)}?s3cret`);
  await eventually(() => proxy.records.length === 1);
  const unrouted = parsed(written(proxy, 100))[0];
  assert.deepEqual([unrouted?.['url.path'], unrouted?.['url.original']], [`/a${long(1022)}`, `/%61${long(1020)}`]);
});

test('the target as received is logged where it is another one, redacted like the query, or without it', async () => {
  const backend = await httpBackend((_req, res) => res.end());
  const proxy = await proxyFor(backend);
  await get(proxy.port, '/a?sig=s3cret');
  await eventually(() => proxy.records.length === 1);
  const [record] = proxy.records.splice(0);
  assert.ok(record?.route);
  for (const [query, received, original] of [
    ['Include', '/%61?sig=s3cret', '/%61?sig=REDACTED'],
    ['Omit', '/%61?sig=s3cret', '/%61'],
    ['Include', '/%61', '/%61'],
  ] as const) {
    const request = { ...record.exchange.request, receivedTarget: received };
    const exchange = Object.create(record.exchange, { request: { value: request } }) as typeof record.exchange;
    const route = Object.create(record.route, {
      route: { value: { ...record.route.route, accessLog: { ...ON, query } } },
    }) as never;
    proxy.records.splice(0, 1, { ...record, exchange, route });
    assert.equal(parsed(written(proxy))[0]?.['url.original'], original);
  }
});

test('a line is one line, whatever the client sends, and of bounded length', async () => {
  const agent = `"\\\x80\xff${'x'.repeat(5000)}`;
  const line = await served({}, `/"\\'{}`.replaceAll('\\', ''), `User-Agent: ${agent}\r\n`);
  assert.equal(line['user_agent.original'], agent.slice(0, 256));
  const proxy = await start({ endpoints: [] });
  const path = `/"${'x'.repeat(5000)}`;
  await rawRequest(proxy.port, `GET ${path}?s3cret HTTP/1.1\r\n\r\n`);
  await eventually(() => proxy.earlyReplies.length === 1);
  const lines = written(proxy, 100);
  assert.equal(lines.join('').split('\n').length, 2);
  assert.equal(parsed(lines)[0]?.['url.path'], path.slice(0, 1024));
});

test('the share of requests that a policy wants', async () => {
  const proxy = await start({ endpoints: [], route: { accessLog: { enabled: true, samplePercent: 30 } } });
  await get(proxy.port);
  await eventually(() => proxy.records.length === 1);
  const lines = [0.29, 0.3, 0.999].map((r) => written(proxy, 100, () => r).length);
  assert.deepEqual(lines, [1, 0, 0]);
  await proxy.apply({ endpoints: [], route: { accessLog: { enabled: false, samplePercent: 100 } } });
  await get(proxy.port);
  await eventually(() => proxy.records.length === 2);
  assert.equal(written(proxy, 100, () => 0).length, 1);
});

test('requests without a route: no line, a share, or all of them; never with a query', async () => {
  const proxy = await start({ endpoints: [endpoint(1)], route: { hostnames: ['other.test'], accessLog: ON } });
  const HOST = 'Host: a.test\r\nConnection: close\r\n';
  await get(proxy.port, '/none?s3cret');
  await rawRequest(proxy.port, 'hello\r\n\r\n');
  await rawRequest(proxy.port, 'GET http://user:s3cret@a/abs?s3cret HTTP/1.1\r\n\r\n');
  await rawRequest(proxy.port, 'CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\n\r\n');
  await rawRequest(proxy.port, `POST /x#s3cret HTTP/1.1\r\n${HOST}Expect: y\r\nContent-Length: 1\r\n\r\n`);
  await rawRequest(proxy.port, `OPTIONS * HTTP/1.1\r\n${HOST}Max-Forwards: 0\r\n\r\n`);
  await eventually(() => proxy.records.length + proxy.earlyReplies.length === 6);
  assert.deepEqual([written(proxy), written(proxy, 50, () => 0.5), written(proxy, 50, () => 0.499).length], [[], [], 6]);
  const lines = written(proxy, 100, () => assert.fail('no random number is needed'));
  assert.doesNotMatch(lines.join(''), /s3cret/);
  const about = (l: Line) => [l['http.request.method'], l['url.path'], l['http.response.status_code'], l['reason']];
  assert.deepEqual(parsed(lines).map(about), [
    ['GET', '/none', 404, 'no-route'],
    [undefined, undefined, 400, 'bad-request'],
    ['GET', '/abs', 400, 'bad-request'],
    ['CONNECT', undefined, 405, 'method-not-allowed'],
    ['POST', '/x', 400, 'bad-request'],
    ['OPTIONS', '*', 204, undefined],
  ]);
  for (const line of parsed(lines)) assert.equal(line['client.address'], '127.0.0.1');
});
