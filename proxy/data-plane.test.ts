import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, httpBackend, opener, statusOf } from './testing.ts';
import { Http1Upstream } from './upstream/http1/index.ts';
import { HttpProxyUpstream } from './upstream/http-proxy/index.ts';

const { proxyFor } = opener();

test('--upstream-engine selects what speaks to backends', async () => {
  for (const [engine, type] of [
    [undefined, HttpProxyUpstream],
    ['http-proxy', HttpProxyUpstream],
    ['http1', Http1Upstream],
  ] as const) {
    const backend = await httpBackend((_req, res) => res.end('ok'));
    const proxy = await proxyFor(backend, engine ? { upstreamEngine: engine } : {});
    assert.ok(proxy.upstream instanceof type);
    assert.equal(statusOf(await get(proxy.port)), 200);
  }
});
