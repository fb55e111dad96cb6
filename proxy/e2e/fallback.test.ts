/** What clients receive when no backend can be used. */
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
  test('without a usable endpoint: status, type and body as configured', async () => {
    const proxy = await start({ endpoints: [], route: { fallback: page } });
    const answer = await get(proxy.port);
    assert.equal(statusOf(answer), 500);
    assert.match(answer, /content-type: text\/html\r\n/i);
    assert.match(answer, /outrigger-reason: no-endpoint/);
    assert.equal(bodyOf(answer), '<h1>sorry</h1>');
    assert.equal(await fallbacks(proxy), 1);
  });

  test('where no endpoint accepts connections', async () => {
    const part = { healthCheck: { passive: PASSIVE } };
    const proxy = await start({ endpoints: [endpoint(await closedPort())], part, route: { fallback: page } });
    const answer = await get(proxy.port);
    assert.equal(statusOf(answer), 500);
    assert.match(answer, /outrigger-reason: connect-failed/);
  });

  test('HEAD has no body, and the connection is kept', async () => {
    const proxy = await start({ endpoints: [], route: { fallback: page } });
    const head = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await rawRequest(proxy.port, head + head.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    assert.equal(answer.match(/HTTP\/1\.1 500/g)?.length, 2);
    assert.doesNotMatch(answer, /sorry/);
  });

  test('a backend’s response is forwarded, also a failure', async () => {
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
  const FALLBACK = 'default/p/default/fallback:80';
  let version = 100;

  async function withFallback(endpoints: readonly Endpoint[], fallbackBackend: Backend, weight = 1) {
    const proxy = await start({ endpoints: [] });
    const [state] = proxy.runtime.listeners.get(proxy.port)?.routes.values() ?? [];
    assert.ok(state);
    const route = {
      ...state.route,
      destinations: [{ pool: POOL, weight }],
      fallback: { type: 'Backend', pool: FALLBACK } as const,
    };
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
        { id: FALLBACK, digest: `${version}s`, part: part([endpoint(fallbackBackend.port)]) },
      ],
    });
    return proxy;
  }

  test('gets no request while a backend works', async () => {
    const [main, fallback] = [await named('main'), await named('fallback')];
    const proxy = await withFallback([endpoint(main.port)], fallback);
    for (let i = 0; i < 10; i++) assert.equal(bodyOf(await get(proxy.port)), 'main');
    assert.equal(await fallbacks(proxy), 0);
  });

  test('serves where there is no endpoint, where all weights are 0, and where no endpoint accepts connections', async () => {
    const fallback = await named('fallback');
    for (const proxy of [
      await withFallback([], fallback),
      await withFallback([endpoint((await named('main')).port)], fallback, 0),
      await withFallback([endpoint(await closedPort())], fallback),
    ]) {
      const answer = await get(proxy.port);
      assert.equal(statusOf(answer), 200);
      assert.equal(bodyOf(answer), 'fallback');
      assert.equal(await fallbacks(proxy), 1);
    }
  });

  test('that cannot be used either: 503', async () => {
    const fallback = await named('fallback');
    await fallback.close();
    const proxy = await withFallback([], fallback);
    assert.match(await get(proxy.port), /503[\s\S]*outrigger-reason: connect-failed/);
  });
});
