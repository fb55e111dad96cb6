/**
 * Takes the pictures of the stats page that the README shows: `node test/integration/screenshots.ts [FOLDER]`, by default docs/images.
 * Needs chromium; takes half a minute of load on a shop with a failing endpoint.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startStatsProxy, type StatsProxy, type TestPolicy } from '../../proxy/observe/stats/testing.ts';
import { endpoint, httpBackend, PASSIVE, rawRequest } from '../../proxy/testing.ts';
import type { Endpoint } from '../../proxy/snapshot/types.ts';
import { Cleanup } from '../bench/cleanup.ts';
import { startBrowser } from './browser.ts';

const FOLDER = process.argv[2] ?? join(import.meta.dirname, '..', '..', 'docs', 'images');
const LOAD_MS = 25_000;
const CHECK = {
  type: 'HTTP',
  path: '/healthz',
  method: 'GET',
  interval: 2000,
  timeout: 500,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
} as const;

const scope = new Cleanup();
const after =
  (ms: number, status = 200): RequestListener =>
  (_req, res) =>
    void setTimeout(() => res.writeHead(status).end(), ms * (0.6 + Math.random()));

async function pods(name: string, ...handlers: readonly RequestListener[]): Promise<Endpoint[]> {
  const made = handlers.map(async (handler, i) => {
    const backend = await httpBackend(handler);
    scope.defer(() => backend.close());
    const suffix = ['7h4kp', 'x2mzq', 'c9wtl', 'r6fbn'][i] ?? '';
    return endpoint(backend.port, { hashKey: `${name}-${suffix}:8080`, zone: `zone-${'abc'[i % 3]}` });
  });
  return Promise.all(made);
}

async function shop(): Promise<TestPolicy[]> {
  const active = { ...CHECK, expectedStatuses: [{ from: 200, to: 299 }] };
  const [stable, canary, cart, search] = [
    await pods('web-6c9d84f7b5', after(12), after(14), after(11)),
    await pods('web-canary-5f7c6d', after(9)),
    await pods('cart-7d5b9c8f64', after(25), after(22), (_req, res) => void res.writeHead(503).end(), after(24)),
    await pods('search-84b6f9d7c', after(40), after(300), after(45)),
  ];
  return [
    {
      policy: 'shop/web',
      backends: { 'shop/web:80': stable, 'shop/web-canary:80': canary },
      weights: { 'shop/web:80': 9, 'shop/web-canary:80': 1 },
      part: { healthCheck: { active, passive: PASSIVE } },
      route: { hostnames: ['shop.example', 'www.shop.example'], generation: 7 },
    },
    {
      policy: 'shop/cart',
      backends: { 'shop/cart:80': cart.map((e, i) => (i === 3 ? { ...e, state: 'draining' } : e)) },
      part: { healthCheck: { passive: { ...PASSIVE, consecutive5xx: 5 } } },
      route: { hostnames: ['shop.example'], matches: [{ path: { type: 'PathPrefix', value: '/cart' } }], generation: 3 },
    },
    {
      policy: 'shop/search',
      backends: { 'shop/search:80': search },
      part: { loadBalancer: { type: 'PeakEWMA' } },
      route: {
        hostnames: ['shop.example'],
        matches: [{ path: { type: 'PathPrefix', value: '/search' }, headers: [{ name: 'x-api-version', value: '2' }] }],
      },
    },
  ];
}

/** Rises and falls, differently for each path. */
function load({ port }: StatsProxy): void {
  const ask = (path: string, headers = '') =>
    void rawRequest(port, `GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n${headers}\r\n`).catch(
      () => undefined,
    );
  const started = performance.now();
  const timer = setInterval(() => {
    const t = (performance.now() - started) / LOAD_MS;
    if (Math.random() < 0.5 + 0.4 * Math.sin(t * 9)) ask('/');
    if (Math.random() < 0.4 * t) ask('/cart/7');
    if (Math.random() < 0.2 + 0.15 * Math.cos(t * 14)) ask('/search?q=shoe', 'X-Api-Version: 2\r\n');
  }, 15);
  scope.defer(() => clearInterval(timer));
}

try {
  const proxy = await startStatsProxy(await shop(), {
    pod: 'outrigger-gateway-5b8f7d9c4-kx2vt',
    zone: 'zone-a',
    interval: 400,
    port: 8080,
  });
  scope.defer(() => proxy.close());
  load(proxy);
  const browser = await startBrowser(scope);
  const page = await browser.open(1180, 852);
  await page.go(proxy.origin);
  await pause(LOAD_MS);
  await mkdir(FOLDER, { recursive: true });
  for (const scheme of ['light', 'dark'] as const) {
    await page.prefer(scheme);
    await pause(2500);
    await writeFile(join(FOLDER, `stats-${scheme}.png`), await page.screenshot());
  }
  await page.resize(360, 1200);
  await pause(2500);
  await writeFile(join(process.env['TMPDIR'] ?? '/tmp', 'stats-phone.png'), await page.screenshot());
} finally {
  await scope.run();
}
