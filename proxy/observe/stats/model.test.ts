import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSet } from '../../endpoints/endpoint-set.ts';
import type { EndpointState } from '../../endpoints/endpoint-state.ts';
import type { RouteState } from '../../request/route-state.ts';
import { RETRY, TIMEOUTS } from '../../testing.ts';
import type { Route } from '../../snapshot/types.ts';
import { CounterBuffer } from '../../metrics/series.ts';
import { writePage } from './html.ts';
import { makeView } from './model.ts';
import type { Source } from './model.ts';
import { quantile, Sampler } from './sampler.ts';
import { readFilter } from './text.ts';
import type { StatsView } from './view.ts';

const AT = { now: 100_000, wall: Date.parse('2026-11-22T08:00:00Z') };

function endpoint(i: number, more: Partial<EndpointState> = {}): EndpointState {
  const names = { id: `e${i}`, hashKey: `pod-${i}:80`, address: `10.0.${i >> 8}.${i & 255}`, port: 80, zone: `zone-${i % 3}` };
  const state = {
    weight: 1,
    fullWeight: 1,
    state: 'active',
    index: i,
    healthy: true,
    usable: true,
    healthChangedAt: 40_000,
    active: 0,
    saturated: false,
  };
  const outlier = { ejected: false, ejectedUntil: 0, evidence: '', probationRequest: undefined };
  return { ...names, ...state, watch: undefined, outlier, metrics: { base: 0 }, ...more } as EndpointState;
}

function pool(id: string, endpoints: readonly EndpointState[]): EndpointSet {
  const health = { panic: false, failedCheck: ({ watch }: EndpointState) => `GET /: ${watch?.detail ?? ''}` };
  return { id, strategy: 'LeastRequest', endpoints, health } as unknown as EndpointSet;
}

function routeOf(policy: string, more: Partial<Route> = {}): RouteState {
  const route: Route = {
    ...{ policy, generation: 1, created: 0, hostnames: [], matches: [], retry: RETRY, timeouts: TIMEOUTS },
    ...{ destinations: [{ pool: `${policy}/shop/web:80`, weight: 1 }], accessLog: { enabled: false, samplePercent: 0 }, ...more },
  };
  return { route, metrics: { bases: { route: 0, duration: 8 } } } as unknown as RouteState;
}

function sourceOf(pools: readonly EndpointSet[], routes: readonly RouteState[] = []): Source {
  return {
    facts: { pod: 'gateway-1', mode: 'gateway', version: '1.2.3', startedAt: 40_000 },
    listeners: new Map([[8080, { routes: new Map(routes.map((state) => [state.route.policy, state])) }]]),
    endpointSets: new Map(pools.map((each) => [each.id, each])),
    ...{ buffer: new CounterBuffer(), zone: 'zone-1', notReady: '', connections: 3, snapshot: undefined, rejected: [] },
  };
}

function run<T>(work: Generator<void, T>, took: number[] = []): T {
  for (let i = 0; ; i++) {
    const before = performance.now();
    const step = work.next();
    took[i] = Math.min(took[i] ?? Infinity, performance.now() - before);
    if (step.done === true) return step.value;
  }
}

/** The longest of equal steps, ms. Each step counts at its shortest, so that other processes have no influence. */
function longestOf(make: () => Generator<void, unknown>): number {
  const took: number[] = [];
  for (let round = 0; round < 6; round++) run(make(), took);
  return Math.max(...took);
}

const viewOf = (source: Source, query = ''): StatsView => run(makeView(source, new Sampler(source), readFilter(query), AT));
const namesIn = (view: StatsView) => view.backends.flatMap(({ endpoints }) => endpoints.map(({ name }) => name));

test('every status, with its reason and since when', () => {
  const out = { ejected: true, ejectedUntil: 112_000, evidence: '3 connect failures in a row', probationRequest: undefined };
  const endpoints = [
    endpoint(0),
    endpoint(1, { watch: { healthy: false, checked: true, detail: 'HTTP 500', stop: () => undefined }, healthy: false }),
    endpoint(2, { outlier: out as EndpointState['outlier'], healthy: false }),
    endpoint(3, { outlier: { ...out, ejectedUntil: 99_000 } as EndpointState['outlier'], healthy: false }),
    endpoint(4, { state: 'draining' }),
    endpoint(5, { fullWeight: 0, weight: 0 }),
    endpoint(6, { state: 'filling' }),
    endpoint(7, { saturated: true, active: 9 }),
    endpoint(8, { weight: 0.25, fullWeight: 2, address: 'fd00::1' }),
  ];
  const view = viewOf(sourceOf([pool('shop/web/shop/web:80', endpoints)]));
  assert.deepEqual(
    view.backends[0]?.endpoints.map(({ status, reason }) => [status, reason]),
    [
      ['UP', ''],
      ['DOWN', 'check: HTTP 500'],
      ['EJECTED', '3 connect failures in a row'],
      ['EJECTED', '3 connect failures in a row; the next suitable request tests it'],
      ['DRAIN', 'is leaving, or in maintenance'],
      ['DRAIN', 'its weight is 0'],
      ['NEW', 'awaits its first check'],
      ['FULL', 'is at its request limit'],
      ['UP', ''],
    ],
  );
  const [first, , ejected, , , , , full, last] = view.backends[0]?.endpoints ?? [];
  assert.equal(first?.since, '2026-11-22T07:59:00.000Z');
  assert.equal(ejected?.ejectedUntil, '2026-11-22T08:00:12.000Z');
  assert.deepEqual([full?.active, last?.weight, last?.fullWeight, last?.address], [9, 0.25, 2, '[fd00::1]:80']);
  assert.deepEqual([view.totals.healthy, view.totals.endpoints, view.backends[0]?.healthy], [6, 9, 6]);
  assert.deepEqual([view.proxy.uptimeSeconds, view.snapshot], [60, null]);
});

test('a filter matches endpoints by any of their words, and the routes that lead to them', () => {
  const sick = endpoint(4, { watch: { healthy: false, checked: true, detail: '', stop: () => undefined }, healthy: false });
  const source = sourceOf(
    [pool('shop/web/shop/web:80', [endpoint(0), endpoint(1), sick]), pool('blog/site/blog/site:80', [endpoint(7)])],
    [
      routeOf('shop/web', { hostnames: ['shop.example'] }),
      routeOf('blog/site', { matches: [{ path: { type: 'Exact', value: '/blog' } }] }),
    ],
  );
  const of = (query: string) => {
    const view = viewOf(source, query);
    return [
      namesIn(view).join(' '),
      view.routes.map(({ policy }) => policy).join(' '),
      view.endpointsLeftOut + view.routesLeftOut,
    ];
  };
  assert.deepEqual(of('DOWN'), ['pod-4:80', 'shop/web', 0]);
  assert.deepEqual(of('shop zone-1 up'), ['pod-1:80', 'shop/web', 0]);
  assert.deepEqual(of('blog'), ['pod-7:80', 'blog/site', 0]);
  assert.deepEqual(of('shop.example'), ['', 'shop/web', 0]);
  assert.deepEqual(of('nothing'), ['', '', 0]);
});

test('header values are shown, but for credentials', () => {
  const headers = [
    { name: 'x-team', value: 'payments' },
    { name: 'x-stage', type: 'RegularExpression', value: 'can.*' } as const,
    { name: 'x-token', value: 'hush' },
  ];
  const matches = [{ method: 'GET', path: { type: 'PathPrefix', value: '/a' } as const, headers }];
  const view = viewOf(sourceOf([], [routeOf('shop/web', { matches })]));
  assert.deepEqual(view.routes[0]?.matches, ['GET · path /a · header x-team = payments, x-stage ~ can.*, x-token = ***']);
  assert.doesNotMatch(JSON.stringify(view), /hush/);
});

test('a backend that gets no requests says why, on its card and in its routes', () => {
  const watch = { healthy: false, checked: true, detail: 'HTTP 404', stop: () => undefined };
  const sick = (i: number) => endpoint(i, { watch, healthy: false, usable: false });
  const source = sourceOf(
    [
      pool('shop/web/shop/web:80', [sick(0), sick(1)]),
      pool('shop/web/shop/new:80', [endpoint(2)]),
      pool('shop/web/shop/none:80', []),
    ],
    [
      routeOf('shop/web', {
        destinations: ['web', 'new', 'none', 'gone'].map((name) => ({
          pool: `shop/web/shop/${name}:80`,
          weight: name === 'new' ? 0 : 1,
        })),
      }),
    ],
  );
  const view = viewOf(source);
  const none = 'no Pod of the Service is ready, or the Service or its port does not exist';
  const failing = 'all 2 endpoints fail their check: GET /: HTTP 404';
  assert.deepEqual(
    view.backends.map(({ backend, reason }) => [backend, reason]),
    [
      ['shop/new:80', ''],
      ['shop/none:80', none],
      ['shop/web:80', failing],
    ],
  );
  assert.deepEqual(
    view.routes[0]?.destinations.map(({ healthy, endpoints, reason }) => [`${healthy}/${endpoints}`, reason]),
    [
      ['0/2', failing],
      ['1/1', 'its weight is 0'],
      ['0/0', none],
      ['0/0', none],
    ],
  );
});

test('of 500 backends with 1,000 endpoints each, unhealthy ones are shown; no step takes long', () => {
  const endpoints = Array.from({ length: 1000 }, (_, i) => endpoint(i));
  const last = endpoint(1000, {
    healthy: false,
    watch: { healthy: false, checked: true, detail: 'HTTP 500', stop: () => undefined },
  });
  const pools = Array.from({ length: 500 }, (_, i) =>
    pool(`shop/web-${i}/shop/web:80`, i === 499 ? [...endpoints, last] : endpoints),
  );
  const source = sourceOf(
    pools,
    pools.map((_, i) => routeOf(`shop/web-${i}`)),
  );
  const sampler = new Sampler(source);
  run(sampler.sample(0));
  const sampling = longestOf(() => sampler.sample(0));
  assert.ok(sampling < 5, `${sampling} ms`);
  for (const [query, matching] of [
    ['', 500_001],
    ['zone-1 up', 500 * 333],
    ['pod-1000', 1],
  ] as const) {
    const look = () => makeView(source, sampler, readFilter(query), AT);
    const view = run(look());
    const longest = [longestOf(look), longestOf(() => writePage(view))];
    assert.ok(Math.max(...longest) < 5, `${longest.join(', ')} ms`);
    const names = namesIn(view);
    assert.equal(names.length + view.endpointsLeftOut, matching);
    assert.equal(names.length, Math.min(300, matching));
    assert.equal(names.includes('pod-1000:80'), query !== 'zone-1 up');
    assert.equal(view.routes.length + view.routesLeftOut, query === 'pod-1000' ? 1 : 500);
    assert.deepEqual([view.totals.endpoints, view.totals.healthy], [500_001, 500_000]);
    assert.ok(run(writePage(view)).length < 700_000 && JSON.stringify(view).length < 300_000);
  }
});

test('a quantile lies within its bucket; without requests there is none', () => {
  const buckets = new Array<number>(15).fill(0);
  assert.equal(quantile(buckets, 0.5), undefined);
  buckets[3] = 10;
  assert.deepEqual([quantile(buckets, 0.5), quantile(buckets, 1)], [7.5, 10]);
  buckets[14] = 90;
  assert.equal(quantile(buckets, 0.99), 30_000);
});
