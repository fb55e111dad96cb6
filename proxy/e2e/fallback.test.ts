/** What clients get when no backend can be used. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closedPort, endpoint, get, httpBackend, opener, POOL, rawRequest, statusOf } from '../testing.ts';
import type { Backend, TestProxy } from '../testing.ts';
import type { Endpoint, Fallback } from '../snapshot/types.ts';

const { start, track } = opener();
const PASSIVE = { consecutiveConnectFailures: 1000, baseEjectionTime: 1000, maxEjectionPercent: 100 };
const page: Fallback = { type: 'Response', statusCode: 500, contentType: 'text/html', body: '<h1>sorry</h1>' };
const away: Fallback = { type: 'Redirect', url: 'https://status.example/', statusCode: 307 };
const named = async (name: string) => track(await httpBackend((_req, res) => res.end(name)));
const bodyOf = (answer: string) => answer.split('\r\n\r\n')[1] ?? '';
const fallbacks = async (proxy: TestProxy) => Number(/outrigger_fallback_total\{[^}]*\} (\d+)/.exec(await proxy.metrics())?.[1]);

describe('a fixed answer', () => {
  test('without a usable endpoint: status, type and body as they are', async () => {
    const proxy = await start({ endpoints: [], route: { fallback: page } });
    const answer = await get(proxy.port);
    assert.equal(statusOf(answer), 500);
    assert.match(answer, /content-type: text\/html\r\n/i);
    assert.match(answer, /outrigger-reason: no-endpoint/);
    assert.equal(bodyOf(answer), '<h1>sorry</h1>');
    assert.equal(await fallbacks(proxy), 1);
  });

  test('where none can be connected to', async () => {
    const part = { healthCheck: { passive: PASSIVE } };
    const proxy = await start({ endpoints: [endpoint(await closedPort())], part, route: { fallback: page } });
    const answer = await get(proxy.port);
    assert.equal(statusOf(answer), 500);
    assert.match(answer, /outrigger-reason: connect-failed/);
  });

  test('HEAD has no body, and the connection goes on', async () => {
    const proxy = await start({ endpoints: [], route: { fallback: page } });
    const head = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await rawRequest(proxy.port, head + head.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    assert.equal(answer.match(/HTTP\/1\.1 500/g)?.length, 2);
    assert.doesNotMatch(answer, /sorry/);
  });

  test('a backend that answers is passed on, also its failures', async () => {
    const bad = track(
      await httpBackend((_req, res) => {
        res.statusCode = 503;
        res.end('own');
      }),
    );
    const proxy = await start({ endpoints: [endpoint(bad.port)], route: { fallback: page } });
    assert.equal(bodyOf(await get(proxy.port)), 'own');
    assert.equal(await fallbacks(proxy), 0);
  });
});

test('a redirect', async () => {
  const proxy = await start({ endpoints: [], route: { fallback: away } });
  const answer = await get(proxy.port, '/deep?x=1');
  assert.equal(statusOf(answer), 307);
  assert.match(answer, /location: https:\/\/status\.example\/\r\n/i);
  assert.equal(await fallbacks(proxy), 1);
});

describe('another Service', () => {
  const SPARE = 'default/p/default/spare:80';
  let version = 100;

  async function withSpare(endpoints: readonly Endpoint[], spare: Backend, weight = 1) {
    const proxy = await start({ endpoints: [] });
    const [state] = proxy.runtime.listeners.get(proxy.port)?.routes.values() ?? [];
    assert.ok(state);
    const route = { ...state.route, destinations: [{ pool: POOL, weight }], fallback: { type: 'Backend', pool: SPARE } as const };
    const part = (list: readonly Endpoint[]) => ({
      loadBalancer: { type: 'RoundRobin' } as const,
      healthCheck: { passive: PASSIVE },
      endpoints: list,
    });
    version++;
    await proxy.runtime.apply({
      version: { epoch: 2, sequence: version },
      digest: String(version),
      trustedKeys: [],
      listeners: [{ port: proxy.port, protocol: 'HTTP', routes: [route] }],
      pools: [
        { id: POOL, digest: `${version}m`, part: part(endpoints) },
        { id: SPARE, digest: `${version}s`, part: part([endpoint(spare.port)]) },
      ],
    });
    return proxy;
  }

  test('takes nothing while a backend works', async () => {
    const [main, spare] = [await named('main'), await named('spare')];
    const proxy = await withSpare([endpoint(main.port)], spare);
    for (let i = 0; i < 10; i++) assert.equal(bodyOf(await get(proxy.port)), 'main');
    assert.equal(await fallbacks(proxy), 0);
  });

  test('takes over where there is no endpoint, where no weight, and where none can be connected to', async () => {
    const spare = await named('spare');
    for (const proxy of [
      await withSpare([], spare),
      await withSpare([endpoint((await named('main')).port)], spare, 0),
      await withSpare([endpoint(await closedPort())], spare),
    ]) {
      const answer = await get(proxy.port);
      assert.equal(statusOf(answer), 200);
      assert.equal(bodyOf(answer), 'spare');
      assert.equal(await fallbacks(proxy), 1);
    }
  });

  test('that is out as well: 503', async () => {
    const spare = await named('spare');
    await spare.close();
    const proxy = await withSpare([], spare);
    assert.match(await get(proxy.port), /503[\s\S]*outrigger-reason: connect-failed/);
  });
});
