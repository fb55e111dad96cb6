import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { HeaderMatch, Match, Route } from '../snapshot/types.ts';
import type { CompileRegex } from './match.ts';
import { fieldsOf } from '../message/test-fields.ts';
import { createRouteTable, type RoutedBy } from './route-table.ts';

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

function request(host: string, path = '/', method = 'GET', headers: Record<string, string> = {}): RoutedBy {
  return { host, path, method, authority: host, protocol: undefined, fields: fieldsOf(headers) };
}

/** Replaces the regex engine. */
const compile: CompileRegex = (source) => {
  const expression = new RegExp(`^(?:${source})$`);
  return (text) => expression.test(text);
};
const expressions = { compile, invalid: (_: Route, reason: string) => assert.fail(reason) };

/** A table whose values are the given names. */
function table(given: Record<string, Given>) {
  const entries = Object.entries(given).map(([value, g]) => ({ route: route(g), value }));
  const made = createRouteTable(entries, expressions);
  return { match: (f: RoutedBy) => made.match(f)?.value };
}

const prefix = (value: string): Match => ({ path: { type: 'PathPrefix', value } });
const exact = (value: string): Match => ({ path: { type: 'Exact', value } });
const expression = (value: string): Match => ({ path: { type: 'RegularExpression', value } });

describe('hostnames', () => {
  test('exact before the longer wildcard before the shorter before none', () => {
    const t = table({
      none: {},
      short: { hostnames: ['*.test'] },
      long: { hostnames: ['*.b.test'] },
      exact: { hostnames: ['a.b.test'] },
    });
    assert.equal(t.match(request('a.b.test')), 'exact');
    assert.equal(t.match(request('z.b.test')), 'long');
    assert.equal(t.match(request('y.z.b.test')), 'long', 'a wildcard stands for one or more labels');
    assert.equal(t.match(request('b.test')), 'short', 'but not for none');
    assert.equal(t.match(request('test')), 'none');
    assert.equal(t.match(request('')), 'none');
    assert.equal(t.match(request('.test')), 'none', 'an empty label is none');
    assert.equal(t.match(request('xb.test')), 'short', 'labels are whole');
  });

  test('a more specific path does not beat a more specific hostname', () => {
    const t = table({ host: { hostnames: ['a.test'] }, path: { matches: [exact('/x')] } });
    assert.equal(t.match(request('a.test', '/x')), 'host');
    assert.equal(t.match(request('b.test', '/x')), 'path');
  });

  test('a request that no rule of a hostname matches is matched against the next hostname', () => {
    const t = table({
      exact: { hostnames: ['a.b.test'], matches: [prefix('/exact')] },
      wild: { hostnames: ['*.b.test'], matches: [prefix('/wild')] },
      none: { matches: [prefix('/none')] },
    });
    assert.equal(t.match(request('a.b.test', '/wild')), 'wild');
    assert.equal(t.match(request('a.b.test', '/none')), 'none');
    assert.equal(t.match(request('a.b.test', '/other')), undefined);
  });

  test('a hostname named twice and a table without routes', () => {
    assert.equal(table({ a: { hostnames: ['a.test', 'a.test', '*.a.test'] } }).match(request('x.a.test')), 'a');
    assert.equal(table({}).match(request('a.test')), undefined);
  });

  test('an overlong host made of dots costs nothing', () => {
    const t = table({ wild: { hostnames: ['*.test'] }, none: {} });
    assert.equal(t.match(request(`${'a.'.repeat(200)}test`)), 'none');
  });
});

describe('paths', () => {
  test('a prefix matches whole segments; its trailing slash is ignored', () => {
    for (const value of ['/a', '/a/']) {
      const t = table({ a: { matches: [prefix(value)] } });
      for (const path of ['/a', '/a/', '/a/b', '/a//b']) assert.equal(t.match(request('h', path)), 'a', path);
      for (const path of ['/', '/ab', '/A', '/b/a']) assert.equal(t.match(request('h', path)), undefined, path);
    }
  });

  test('an exact path matches that path alone', () => {
    const t = table({ a: { matches: [exact('/a')] }, slash: { matches: [exact('/b/')] } });
    assert.equal(t.match(request('h', '/a')), 'a');
    assert.equal(t.match(request('h', '/a/')), undefined);
    assert.equal(t.match(request('h', '/b')), undefined);
  });

  test('a regular expression matches the whole path', () => {
    const t = table({ a: { matches: [expression('/v[0-9]+/(cats|dogs)')] } });
    for (const path of ['/v1/cats', '/v12/dogs']) assert.equal(t.match(request('h', path)), 'a', path);
    for (const path of ['/v1/cats/', '/x/v1/cats', '/v/cats', '/v1/CATS'])
      assert.equal(t.match(request('h', path)), undefined, path);
  });

  test('the result has the prefix, without its trailing slash', () => {
    const matches = [prefix('/a/b/'), prefix('/'), exact('/e'), expression('/x.')];
    const t = createRouteTable([{ route: route({ matches }), value: 1 }], expressions);
    const prefixes = ['/a/b/c', '/q', '/e', '/xy'].map((path) => t.match(request('h', path))?.prefix);
    assert.deepEqual(prefixes, ['/a/b', '', '', '']);
  });

  test('no matches, an empty match and prefix / match every path, also that of OPTIONS *', () => {
    for (const matches of [[], [{}], [prefix('/')]]) {
      const t = table({ all: { matches } });
      for (const path of ['/', '/x/y', '*']) assert.equal(t.match(request('h', path, 'OPTIONS')), 'all');
    }
  });
});

describe('precedence under one hostname', () => {
  const cases: readonly [string, Given, Given, RoutedBy][] = [
    ['exact before a prefix of the same text', { matches: [exact('/a')] }, { matches: [prefix('/a')] }, request('h', '/a')],
    ['the longer prefix', { matches: [prefix('/a/b')] }, { matches: [prefix('/a')] }, request('h', '/a/b/c')],
    ['exact before an expression', { matches: [exact('/a')] }, { matches: [expression('/.')] }, request('h', '/a')],
    [
      'a prefix before an expression',
      { matches: [prefix('/a')] },
      { matches: [{ ...expression('/a/.*'), method: 'GET' }] },
      request('h', '/a/b'),
    ],
    [
      'an expression before every path',
      { matches: [expression('/v[0-9]+')] },
      { matches: [{ ...prefix('/'), method: 'GET' }] },
      request('h', '/v1'),
    ],
    [
      'of expressions, the one with a method',
      { matches: [{ ...expression('/.'), method: 'GET' }] },
      { matches: [expression('/[a-c]')] },
      request('h', '/a'),
    ],
    [
      'a longer prefix before a method',
      { matches: [prefix('/a')] },
      { matches: [{ ...prefix('/'), method: 'GET' }] },
      request('h', '/a'),
    ],
    [
      'a method before headers',
      { matches: [{ method: 'GET' }] },
      { matches: [{ headers: [{ name: 'x', value: '1' }] }] },
      request('h', '/', 'GET', { x: '1' }),
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
      request('h', '/', 'GET', { x: '1', y: '2' }),
    ],
    ['the older policy', { created: 1, policy: 'z/z' }, { created: 2, policy: 'a/a' }, request('h')],
    ['then the name', { policy: 'a/a' }, { policy: 'a/b' }, request('h')],
  ];
  for (const [name, winner, loser, f] of cases) {
    test(name, () => {
      assert.equal(table({ winner, loser }).match(f), 'winner');
      assert.equal(table({ loser, winner }).match(f), 'winner');
    });
  }

  test('a prefix with and without trailing slash are the same match: the older one wins', () => {
    const t = table({ young: { created: 2, matches: [prefix('/a/')] }, old: { created: 1, matches: [prefix('/a')] } });
    assert.equal(t.match(request('h', '/a')), 'old');
  });

  test('every term must match; header values and methods are compared exactly', () => {
    const t = table({ a: { matches: [{ ...prefix('/a'), method: 'GET', headers: [{ name: 'x', value: 'One' }] }] } });
    assert.equal(t.match(request('h', '/a', 'GET', { x: 'One' })), 'a');
    assert.equal(t.match(request('h', '/a', 'GET', { x: 'one' })), undefined);
    assert.equal(t.match(request('h', '/a', 'GET')), undefined);
    assert.equal(t.match(request('h', '/a', 'get', { x: 'One' })), undefined);
    assert.equal(t.match(request('h', '/b', 'GET', { x: 'One' })), undefined);
  });
});

describe('headers by regular expression', () => {
  const canary = (value: string): Match => ({ headers: [{ name: 'x-user', value, type: 'RegularExpression' }] });

  test('matches the whole value of a header that is present', () => {
    const t = table({ a: { matches: [canary('[0-9]*7')] } });
    assert.equal(t.match(request('h', '/', 'GET', { 'x-user': '17' })), 'a');
    for (const value of ['170', 'x17', ''])
      assert.equal(t.match(request('h', '/', 'GET', { 'x-user': value })), undefined, value);
    assert.equal(table({ a: { matches: [canary('.*')] } }).match(request('h')), undefined);
  });

  test('counts as any other header match', () => {
    const t = table({ none: { created: 0 }, one: { created: 1, matches: [canary('.*')] } });
    assert.equal(t.match(request('h', '/', 'GET', { 'x-user': '1' })), 'one');
  });
});

test('a route whose regular expression does not compile is left out and reported', () => {
  const bad = route({ policy: 'default/bad', matches: [prefix('/bad'), expression('(')] });
  const entries = [bad, route({ matches: [prefix('/good')] })].map((one, value) => ({ route: one, value }));
  const told: string[] = [];
  const t = createRouteTable(entries, { compile, invalid: ({ policy }, reason) => void told.push(`${policy}: ${reason}`) });
  assert.equal(t.match(request('h', '/bad')), undefined);
  assert.equal(t.match(request('h', '/good'))?.value, 1);
  assert.match(told.join(), /^default\/bad: .*\(/);
});

test('the number of comparisons does not grow with the number of routes', () => {
  // Every rule has a header match, so every rule that is compared is counted.
  const headers = [{ name: 'x', value: '1' }];
  const paths = (n: number): Match[] => Array.from({ length: n }, (_, i) => ({ ...prefix(`/p${i}/sub`), headers }));
  const comparisons = (hosts: number, perHost: number): number => {
    const routes = Array.from({ length: hosts }, (_, i) =>
      route({ hostnames: [`h${i}.test`, `*.h${i}.test`], matches: paths(perHost) }),
    );
    const t = createRouteTable([...routes, route({ matches: paths(perHost) })].map((one, value) => ({ route: one, value })));
    let asked = 0;
    const f = { ...request('x.h0.test', '/p0/sub/x'), fields: { get: () => void asked++, all: () => [] } };
    assert.equal(t.match(f), undefined);
    assert.equal(t.match({ ...f, host: 'h0.test' }), undefined);
    return asked;
  };
  assert.equal(comparisons(1, 1), 4, 'its own hostname and none, twice');
  assert.equal(comparisons(1000, 3), 4);
  assert.equal(comparisons(3, 1000), 4);
});

test('a path of many segments costs no more than others', () => {
  const t = table({ a: { matches: [prefix('/a/b')] } });
  const path = `/a/b${'/x'.repeat(30_000)}`;
  const started = process.cpuUsage().user;
  for (let i = 0; i < 10_000; i++) assert.equal(t.match(request('h', path)), 'a');
  assert.ok(process.cpuUsage().user - started < 2_000_000, 'ten thousand look-ups in well under 2 s of CPU');
});

test('agrees with a direct implementation of the rules', () => {
  const label = fc.constantFrom('a', 'b', 'test');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const path = fc.array(fc.constantFrom('a', 'ab', 'a-', ''), { maxLength: 3 }).map((s) => `/${s.join('/')}`);
  const match: fc.Arbitrary<Match> = fc.record(
    {
      path: fc.oneof(
        fc.record({ type: fc.constantFrom('Exact' as const, 'PathPrefix' as const), value: path }),
        fc.record({ type: fc.constant('RegularExpression' as const), value: fc.constantFrom('/a', '/.*b', '(/a[b]*)+', '.*') }),
      ),
      method: fc.constantFrom('GET', 'PUT'),
      headers: fc.uniqueArray(
        fc.record(
          {
            name: fc.constantFrom('x', 'y'),
            value: fc.constantFrom('1', '2', '[12]'),
            type: fc.constant('RegularExpression' as const),
          },
          { requiredKeys: ['name', 'value'] },
        ),
        { selector: (h) => h.name },
      ),
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
  const shape = fc.record({
    host,
    path,
    method: fc.constantFrom('GET', 'PUT'),
    headers: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
  });
  fc.assert(
    fc.property(fc.array(given, { maxLength: 6 }), shape, (all, r) => {
      const f = request(r.host, r.path, r.method, r.headers);
      const routes = all.map(route);
      const entries = routes.map((one, value) => ({ route: one, value }));
      assert.equal(createRouteTable(entries, expressions).match(f)?.value, naive(routes, f));
    }),
    { numRuns: 1000 },
  );
});

/** Ranks every matching rule and takes the best; the earliest of equal ones. */
function naive(routes: readonly Route[], f: RoutedBy): number | undefined {
  const found: { at: number; rank: (number | string)[] }[] = [];
  routes.forEach((r, at) => {
    for (const hostname of r.hostnames.length > 0 ? r.hostnames : ['']) {
      if (hostname.startsWith('*.') ? !f.host.endsWith(hostname.slice(1)) : hostname !== '' && hostname !== f.host) continue;
      for (const m of r.matches.length > 0 ? r.matches : [{} as Match]) {
        const { type, value } = m.path ?? { type: 'PathPrefix', value: '/' };
        const segments = value.replace(/\/$/, '').split('/');
        const given = f.path.split('/');
        const holds = {
          Exact: () => value === f.path,
          PathPrefix: () => segments.every((s, i) => given[i] === s),
          RegularExpression: () => compile(value)(f.path),
        };
        if (!holds[type]() || (m.method !== undefined && m.method !== f.method)) continue;
        const differs = (h: HeaderMatch): boolean => {
          const sent = f.fields.get(h.name);
          return h.type === undefined ? sent !== h.value : sent === undefined || !compile(h.value)(sent);
        };
        if ((m.headers ?? []).some(differs)) continue;
        const length = segments.join('/').length;
        const pathRank = { Exact: 0, PathPrefix: length > 0 ? 1 : 3, RegularExpression: 2 }[type];
        found.push({
          at,
          rank: [
            hostname === '' ? 2 : Number(hostname.startsWith('*.')),
            -hostname.length,
            pathRank,
            type === 'PathPrefix' ? -length : 0,
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
