import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Match, Route } from '../snapshot/types.ts';
import { createRouteTable, type RouteFacts } from './table.ts';

interface Given {
  policy?: string;
  created?: number;
  hostnames?: string[];
  matches?: Match[];
}

function route(g: Given): Route {
  return {
    policy: g.policy ?? 'default/p',
    generation: 1,
    created: g.created ?? 0,
    hostnames: g.hostnames ?? [],
    matches: g.matches ?? [],
    destinations: [{ pool: 'x', weight: 1 }],
    retry: {
      attempts: 0,
      sameEndpoint: 0,
      perTryTimeout: 0,
      retryOn: [],
      backOff: { base: 1, max: 1 },
      nonIdempotent: false,
      bufferLimit: 0,
    },
    timeouts: { connect: 1, request: 0, idle: 0, drain: 0 },
    accessLog: { enabled: false, samplePercent: 0 },
  };
}

function facts(host: string, path = '/', method = 'GET', headers: Record<string, string> = {}): RouteFacts {
  return { host, path, method, header: (name) => headers[name] };
}

/** A table whose values are the names given. */
function table(given: Record<string, Given>) {
  return createRouteTable(Object.entries(given).map(([value, g]) => ({ route: route(g), value })));
}

const prefix = (value: string): Match => ({ path: { type: 'PathPrefix', value } });
const exact = (value: string): Match => ({ path: { type: 'Exact', value } });

describe('hostnames', () => {
  test('exact before the longer wildcard before the shorter before none', () => {
    const t = table({
      none: {},
      short: { hostnames: ['*.test'] },
      long: { hostnames: ['*.b.test'] },
      exact: { hostnames: ['a.b.test'] },
    });
    assert.equal(t.match(facts('a.b.test')), 'exact');
    assert.equal(t.match(facts('z.b.test')), 'long');
    assert.equal(t.match(facts('y.z.b.test')), 'long', 'a wildcard stands for one or more labels');
    assert.equal(t.match(facts('b.test')), 'short', 'but not for none');
    assert.equal(t.match(facts('test')), 'none');
    assert.equal(t.match(facts('')), 'none');
    assert.equal(t.match(facts('.test')), 'none', 'an empty label is none');
    assert.equal(t.match(facts('xb.test')), 'short', 'labels are whole');
  });

  test('a more specific path does not beat a more specific hostname', () => {
    const t = table({ host: { hostnames: ['a.test'] }, path: { matches: [exact('/x')] } });
    assert.equal(t.match(facts('a.test', '/x')), 'host');
    assert.equal(t.match(facts('b.test', '/x')), 'path');
  });

  test('what no rule of the hostname takes falls to the next hostname that fits', () => {
    const t = table({
      exact: { hostnames: ['a.b.test'], matches: [prefix('/exact')] },
      wild: { hostnames: ['*.b.test'], matches: [prefix('/wild')] },
      none: { matches: [prefix('/none')] },
    });
    assert.equal(t.match(facts('a.b.test', '/wild')), 'wild');
    assert.equal(t.match(facts('a.b.test', '/none')), 'none');
    assert.equal(t.match(facts('a.b.test', '/other')), undefined);
  });

  test('a hostname named twice and a table without routes', () => {
    assert.equal(table({ a: { hostnames: ['a.test', 'a.test', '*.a.test'] } }).match(facts('x.a.test')), 'a');
    assert.equal(table({}).match(facts('a.test')), undefined);
  });

  test('an overlong host made of dots costs nothing', () => {
    const t = table({ wild: { hostnames: ['*.test'] }, none: {} });
    assert.equal(t.match(facts(`${'a.'.repeat(200)}test`)), 'none');
  });
});

describe('paths', () => {
  test('a prefix holds whole segments; its trailing slash does not matter', () => {
    for (const value of ['/a', '/a/']) {
      const t = table({ a: { matches: [prefix(value)] } });
      for (const path of ['/a', '/a/', '/a/b', '/a//b']) assert.equal(t.match(facts('h', path)), 'a', path);
      for (const path of ['/', '/ab', '/A', '/b/a']) assert.equal(t.match(facts('h', path)), undefined, path);
    }
  });

  test('an exact path is that path alone', () => {
    const t = table({ a: { matches: [exact('/a')] }, slash: { matches: [exact('/b/')] } });
    assert.equal(t.match(facts('h', '/a')), 'a');
    assert.equal(t.match(facts('h', '/a/')), undefined);
    assert.equal(t.match(facts('h', '/b')), undefined);
  });

  test('no matches, an empty match and prefix / take every path, also that of OPTIONS *', () => {
    for (const matches of [[], [{}], [prefix('/')]]) {
      const t = table({ all: { matches } });
      for (const path of ['/', '/x/y', '*']) assert.equal(t.match(facts('h', path, 'OPTIONS')), 'all');
    }
  });
});

describe('precedence under one hostname', () => {
  const cases: readonly [string, Given, Given, RouteFacts][] = [
    ['exact before a prefix of the same text', { matches: [exact('/a')] }, { matches: [prefix('/a')] }, facts('h', '/a')],
    ['the longer prefix', { matches: [prefix('/a/b')] }, { matches: [prefix('/a')] }, facts('h', '/a/b/c')],
    [
      'a longer prefix before a method',
      { matches: [prefix('/a')] },
      { matches: [{ ...prefix('/'), method: 'GET' }] },
      facts('h', '/a'),
    ],
    [
      'a method before headers',
      { matches: [{ method: 'GET' }] },
      { matches: [{ headers: [{ name: 'x', value: '1' }] }] },
      facts('h', '/', 'GET', { x: '1' }),
    ],
    [
      'more headers',
      {
        matches: [
          {
            headers: [
              { name: 'x', value: '1' },
              { name: 'y', value: '2' },
            ],
          },
        ],
      },
      { matches: [{ headers: [{ name: 'x', value: '1' }] }] },
      facts('h', '/', 'GET', { x: '1', y: '2' }),
    ],
    ['the older policy', { created: 1, policy: 'z/z' }, { created: 2, policy: 'a/a' }, facts('h')],
    ['then the name', { policy: 'a/a' }, { policy: 'a/b' }, facts('h')],
  ];
  for (const [name, winner, loser, f] of cases) {
    test(name, () => {
      assert.equal(table({ winner, loser }).match(f), 'winner');
      assert.equal(table({ loser, winner }).match(f), 'winner');
    });
  }

  test('a prefix with and without trailing slash are the same match: the older wins', () => {
    const t = table({ young: { created: 2, matches: [prefix('/a/')] }, old: { created: 1, matches: [prefix('/a')] } });
    assert.equal(t.match(facts('h', '/a')), 'old');
  });

  test('every term must hold; header values and methods are compared exactly', () => {
    const t = table({ a: { matches: [{ ...prefix('/a'), method: 'GET', headers: [{ name: 'x', value: 'One' }] }] } });
    assert.equal(t.match(facts('h', '/a', 'GET', { x: 'One' })), 'a');
    assert.equal(t.match(facts('h', '/a', 'GET', { x: 'one' })), undefined);
    assert.equal(t.match(facts('h', '/a', 'GET')), undefined);
    assert.equal(t.match(facts('h', '/a', 'get', { x: 'One' })), undefined);
    assert.equal(t.match(facts('h', '/b', 'GET', { x: 'One' })), undefined);
  });
});

test('agrees with the plainest reading of the rules', () => {
  const label = fc.constantFrom('a', 'b', 'test');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const path = fc.array(fc.constantFrom('a', 'ab', ''), { maxLength: 3 }).map((s) => `/${s.join('/')}`);
  const match: fc.Arbitrary<Match> = fc.record(
    {
      path: fc.record({ type: fc.constantFrom('Exact' as const, 'PathPrefix' as const), value: path }),
      method: fc.constantFrom('GET', 'PUT'),
      headers: fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'y'), value: fc.constantFrom('1', '2') }), {
        selector: (h) => h.name,
      }),
    },
    { requiredKeys: [] },
  );
  const given = fc.record({
    policy: fc.constantFrom('a/a', 'a/b', 'b/a'),
    created: fc.nat(2),
    hostnames: fc.array(
      fc.oneof(
        host,
        host.map((h) => `*.${h}`),
      ),
      { maxLength: 3 },
    ),
    matches: fc.array(match, { maxLength: 3 }),
  });
  const request = fc.record({
    host,
    path,
    method: fc.constantFrom('GET', 'PUT'),
    headers: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
  });
  fc.assert(
    fc.property(fc.array(given, { maxLength: 6 }), request, (all, r) => {
      const f = facts(r.host, r.path, r.method, r.headers);
      const routes = all.map(route);
      assert.equal(createRouteTable(routes.map((one, value) => ({ route: one, value }))).match(f), naive(routes, f));
    }),
    { numRuns: 500 },
  );
});

/** Collects every alternative that fits, ranks all, takes the best; the earliest given of equals. */
function naive(routes: readonly Route[], f: RouteFacts): number | undefined {
  const found: { at: number; rank: (number | string)[] }[] = [];
  routes.forEach((r, at) => {
    for (const hostname of r.hostnames.length > 0 ? r.hostnames : ['']) {
      if (hostname.startsWith('*.') ? !f.host.endsWith(hostname.slice(1)) : hostname !== '' && hostname !== f.host) continue;
      for (const m of r.matches.length > 0 ? r.matches : [{} as Match]) {
        const value = m.path?.value ?? '/';
        const segments = value.replace(/\/$/, '').split('/');
        const holds = m.path?.type === 'Exact' ? value === f.path : segments.every((s, i) => f.path.split('/')[i] === s);
        if (!holds || (m.method !== undefined && m.method !== f.method)) continue;
        if ((m.headers ?? []).some((h) => f.header(h.name) !== h.value)) continue;
        const exactPath = m.path?.type === 'Exact';
        found.push({
          at,
          rank: [
            hostname === '' ? 2 : Number(hostname.startsWith('*.')),
            -hostname.length,
            exactPath ? 0 : 1,
            exactPath ? 0 : -segments.join('/').length,
            m.method === undefined ? 1 : 0,
            -(m.headers?.length ?? 0),
            r.created,
            r.policy,
          ],
        });
      }
    }
  });
  found.sort((a, b) => {
    for (const [i, x] of a.rank.entries()) {
      const y = b.rank[i] ?? 0;
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  });
  return found[0]?.at;
}
