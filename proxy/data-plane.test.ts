import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, httpBackend, opener, rawRequest, statusOf } from './testing.ts';
import { Http1Upstream } from './upstream/http1/index.ts';
import { HttpProxyUpstream } from './upstream/http-proxy/index.ts';

const { proxyFor } = opener();

test('--upstream-engine selects what speaks to backends', async () => {
  for (const [engine, type] of [
    [undefined, Http1Upstream],
    ['http-proxy', HttpProxyUpstream],
    ['http1', Http1Upstream],
  ] as const) {
    const backend = await httpBackend((_req, res) => res.end('ok'));
    const proxy = await proxyFor(backend, engine ? { upstreamEngine: engine } : {});
    assert.ok(proxy.upstream instanceof type);
    assert.equal(statusOf(await get(proxy.port)), 200);
  }
});

test('--downstream-engine selects what speaks to clients', async () => {
  // A method that node:http does not know.
  const brew = 'BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  for (const [engine, status] of [
    [undefined, 404],
    ['node-http', 400],
    ['http1', 404],
  ] as const) {
    const backend = await httpBackend((_req, res) => res.end('ok'));
    const spec = engine ? { downstreamEngine: engine } : {};
    const proxy = await proxyFor(backend, { ...spec, route: { hostnames: ['other.example'] } });
    assert.equal(statusOf(await rawRequest(proxy.port, brew)), status);
  }
});
