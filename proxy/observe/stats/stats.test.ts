/** The page and the JSON as a client gets them, from a serving proxy. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { endpoint, eventually, get, httpBackend, opener, PASSIVE } from '../../testing.ts';
import { startStatsProxy } from './testing.ts';
import type { StatsProxy } from './testing.ts';
import type { StatsView } from './view.ts';

const { track } = opener();
const EVIL = '<img src=x onerror=alert(1)>"\u202e';

const viewOf = async ({ origin }: StatsProxy, query = '') =>
  (await (await fetch(`${origin}/stats.json?q=${encodeURIComponent(query)}`)).json()) as StatsView;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const good = track(await httpBackend((_req, res) => setTimeout(() => res.end('good'), 10)));
const bad = track(await httpBackend((_req, res) => res.writeHead(500).end()));
const proxy = track(
  await startStatsProxy(
    [
      {
        policy: 'shop/web',
        backends: {
          'shop/web:80': [
            endpoint(good.port, { hashKey: 'web-1:80', zone: 'a' }),
            endpoint(bad.port, { hashKey: 'web-2:80', zone: 'b' }),
          ],
        },
        part: { loadBalancer: { type: 'RoundRobin' } },
        route: {
          retry: {
            attempts: 0,
            sameEndpoint: 0,
            perTryTimeout: 0,
            retryOn: [],
            backOff: { base: 1, max: 1 },
            nonIdempotent: false,
            bufferLimit: 0,
          },
        },
      },
      {
        policy: `shop/${EVIL}`,
        backends: { 'shop/none:80': [] },
        route: {
          hostnames: ['none.example'],
          matches: [
            {
              headers: [
                { name: 'x-team', value: EVIL },
                { name: 'authorization', value: 'Bearer hush' },
              ],
            },
          ],
        },
      },
    ],
    { interval: 100, zone: 'a', pod: EVIL },
  ),
);

test('shares, errors, latency and rates are those of the last minute', async () => {
  await until('both are sampled', async () =>
    (await viewOf(proxy)).backends.some(({ endpoints }) => endpoints[1]?.attempts === 0),
  );
  for (let i = 0; i < 20; i++) await get(proxy.port);
  await until('a view after the last request', async () => (await viewOf(proxy)).routes.some(({ requests }) => requests === 20));
  const { routes, backends, totals, proxy: facts, snapshot } = await viewOf(proxy, 'shop/web');
  const [one, two] = backends[0]?.endpoints ?? [];
  assert.deepEqual([one?.name, one?.share, one?.errorRatio, one?.zone], ['web-1:80', 0.5, 0, 'a']);
  assert.deepEqual([two?.name, two?.share, two?.errorRatio, two?.attempts], ['web-2:80', 0.5, 1, 10]);
  assert.ok((one?.meanMs ?? 0) >= 9 && (one?.meanMs ?? 0) > (two?.meanMs ?? 0));
  const [route] = routes;
  assert.deepEqual([route?.policy, route?.errorRatio, route?.destinations[0]?.healthy], ['shop/web', 0.5, 2]);
  assert.ok((route?.p99Ms ?? 0) >= (route?.p50Ms ?? 0) && (route?.p50Ms ?? 0) > 0);
  assert.ok((route?.history.length ?? 0) > 0 && (route?.history.length ?? 0) <= 60);
  assert.deepEqual([totals.errorRatio, totals.endpoints, facts.zone, snapshot?.sequence], [0.5, 2, 'a', 1]);
});

test('the page shows the same, with every name as text', async () => {
  const page = await (await fetch(`${proxy.origin}/stats`)).text();
  for (const text of [
    'shop/web',
    'web-1:80',
    'RoundRobin',
    '2/2 healthy',
    'It takes no requests: </b>no Pod of the Service is ready, or the Service or its port does not exist',
  ])
    assert.ok(page.includes(text), text);
  assert.doesNotMatch(page, /<img|\u202e/);
  assert.match(page, /&lt;img src=x onerror=alert\(1\)&gt;&quot;\ufffd/);
  assert.match(page, /header x-team = &lt;img src=x onerror=alert\(1\)&gt;&quot;\ufffd, authorization = \*\*\*</);
  assert.doesNotMatch(page, /hush/);
  const filtered = await (await fetch(`${proxy.origin}/stats?q=${encodeURIComponent('web-1" <b>')}`)).text();
  assert.match(filtered, /value="web-1&quot; &lt;b&gt;"/);
});

test('an ejected endpoint is shown with its reason and the end of its ejection', async () => {
  const dead = track(
    await startStatsProxy([
      {
        policy: 'shop/web',
        backends: { 'shop/web:80': [endpoint(good.port), endpoint(1, { hashKey: 'dead:80' })] },
        part: { loadBalancer: { type: 'RoundRobin' } },
      },
    ]),
  );
  await eventually(() => {
    void get(dead.port);
    return [...dead.plane.runtime.endpointSets.values()].some(({ endpoints }) => endpoints.some((e) => !e.healthy));
  });
  const before = Date.now();
  const [e] = (await viewOf(dead, 'ejected')).backends[0]?.endpoints ?? [];
  assert.deepEqual([e?.name, e?.status], ['dead:80', 'EJECTED']);
  assert.match(e?.reason ?? '', /^3 connect failures in a row, ejected for 30 s$/);
  const until = Date.parse(e?.ejectedUntil ?? '');
  assert.ok(until > before + 20_000 && until <= before + 30_000, e?.ejectedUntil ?? '');
  assert.ok(Date.parse(e?.since ?? '') <= before);
});

test('a backend whose endpoints all fail their check says what the check found', async () => {
  const missing = track(await httpBackend((_req, res) => res.writeHead(404).end()));
  const timing = { interval: 50, timeout: 40, unhealthyThreshold: 1, healthyThreshold: 1 };
  const check = { type: 'HTTP', method: 'GET', path: '/healthz', expectedStatuses: [{ from: 200, to: 399 }], ...timing } as const;
  const sick = track(
    await startStatsProxy([
      {
        policy: 'shop/web',
        backends: { 'shop/web:80': [endpoint(missing.port)] },
        part: { healthCheck: { passive: PASSIVE, active: check } },
      },
    ]),
  );
  const reason = 'the only endpoint fails its check: GET /healthz: HTTP 404, expected 200-399';
  await until('the check has failed', async () => (await viewOf(sick)).backends[0]?.reason === reason);
  assert.equal((await viewOf(sick)).routes[0]?.destinations[0]?.reason, reason);
  const page = await (await fetch(`${sick.origin}/stats`)).text();
  assert.ok(page.includes(`It takes no requests: </b>${reason}`));
});

test('headers forbid framing and other origins; / redirects to the page; other methods are refused', async () => {
  for (const path of ['/stats', '/stats.json']) {
    const { headers } = await fetch(proxy.origin + path);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
    assert.deepEqual(
      ['x-content-type-options', 'referrer-policy', 'cache-control', 'x-frame-options', 'access-control-allow-origin'].map(
        (name) => headers.get(name),
      ),
      ['nosniff', 'no-referrer', 'no-store', 'DENY', null],
    );
  }
  const root = await fetch(proxy.origin, { redirect: 'manual' });
  assert.deepEqual([root.status, root.headers.get('location')], [302, 'stats']);
  const head = await fetch(`${proxy.origin}/stats`, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers } = await fetch(`${proxy.origin}/stats`, { method });
    assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD']);
  }
  assert.equal((await fetch(`${proxy.origin}/stats/x`)).status, 404);
});

test('an invalid request target is answered', async () => {
  const { port } = new URL(proxy.origin);
  for (const path of ['//', '/stats?q=%zz&q=%00', 'http://[/', '*', `/stats?q=${'a'.repeat(5000)}`]) {
    const status = await new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, agent: false }, (res) => {
        res.resume().on('end', () => resolve(res.statusCode));
      });
      asked.on('error', reject).end();
    });
    assert.ok(status === 200 || status === 404, `${path}: ${String(status)}`);
  }
});

test('requests for the same filter share the work; too many different filters at once are refused', async () => {
  const same = await Promise.all(Array.from({ length: 40 }, () => viewOf(proxy, 'same')));
  assert.equal(new Set(same.map(({ at }) => at)).size, 1);
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => fetch(`${proxy.origin}/stats.json?q=${i}`)));
  const refused = answers.filter(({ status }) => status === 503);
  assert.ok(refused.length > 0 && refused.length < 40, `${refused.length} were refused`);
  assert.equal(refused[0]?.headers.get('retry-after'), '2');
});
