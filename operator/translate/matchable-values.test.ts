/**
 * The tables of matchable-values.ts and matchable-paths.ts, compared with a running proxy: requests that try to have a value are sent over sockets, and matched as
 * the proxy matches them. A match that is called dead matches none of them; any other one matches one of them.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually, rawRequest, startProxy, type TestProxy } from '../../proxy/testing.ts';
import { loadRegexEngine } from '../../proxy/route/regex-engine.ts';
import { createRouteTable, type RoutedBy } from '../../proxy/route/route-table.ts';
import { HEADERS_SET_BY_PROXY, HOP_BY_HOP_HEADERS } from '../../proxy/snapshot/header-names.ts';
import { findDeadMatches } from './dead-matches.ts';
import { parsePolicy } from './policy.ts';
import { makeListeners } from './snapshot-contents.ts';
import { policy } from './testing.ts';
import type { ListenerSpec, MatchSpec, PathNormalizationSpec } from '../api/policy.gen.ts';

const compile = await loadRegexEngine();
const NAMES = [...HOP_BY_HOP_HEADERS, ...HEADERS_SET_BY_PROXY, 'cookie', 'proxy-authenticate', 'x-tenant'];

/** What clients send as the value of each header, and what matches compare it with. */
const VALUES = [
  ...['', 'a', 'a b', 'ü', ' a', 'a ', 'a\t', 'a; ', '; a', '€', 'a\x7f', 'x'.repeat(128), 'x'.repeat(129), 'a, outrigger-'],
  ...['Upgrade', 'upgrade', 'keep-alive', 'websocket', 'a/1, b', 'h2c', 'chunked', 'trailers', '100-continue'],
  ...['0', '1', '2', '007', '123456789012345', '1234567890123456', '70000', 'http', 'https', 'wss', 'WSS', 'ftp'],
  ...['127.0.0.1', '10.0.0.1, 127.0.0.1', '1.1 other', '1.1 other, 1.1 outrigger-test'],
  ...['1.1 outrigger-test', '1.0 outrigger-test'],
  ...['shop.example', 'Shop.example.:81', 'a.b.shop.example', 'other.example', '[::1]:80', 'a@b', 'a,b', 'a,b.shop.example'],
  `${'x'.repeat(120)}.shop.example`,
];
const EXPRESSIONS = [
  ...['.*', '.+', '', 'a', 'a\\bb', '[^ -~]+', '\\pL[0-9]?', '.*ü', '(?i)upgrade', '(?i)trailers', '[0-9]+', '\\d{16}'],
  ...['.{129,}', '\\s.*', '.*,.*', 'https?', '.*a\\.b\\.shop\\.example.*', '.* outrigger-.*'],
];

const SURROUNDINGS: Readonly<Record<string, Partial<ListenerSpec>>> = {
  'without clientAddress': {},
  'where every peer is trusted': { clientAddress: { trustedHops: 1 } },
  'where the peer is in a trusted range': { clientAddress: { trustedCIDRs: ['192.0.2.0/24', '127.0.0.0/8'] } },
  'where the policy has a host name': { hostnames: ['shop.example', 'Other.example'] },
  'where the policy has host names under a name': { hostnames: ['*.shop.example'] },
};

/** What a proxy in front states in Forwarded, for the header that is made from it. */
const STATED: Readonly<Record<string, (value: string) => string>> = {
  'x-forwarded-for': (value) => `for="${value}"`,
  'x-forwarded-host': (value) => `for=192.0.2.1;host="${value}"`,
  'x-forwarded-port': (value) => `for=192.0.2.1;proto=https;host="a:${value}"`,
  'x-forwarded-proto': (value) => `for=192.0.2.1;proto="${value}"`,
};

/** Requests that try to have a header with this value, in every way that makes a difference. */
function requestsWith(name: string, value: string, host: string): string[] {
  const field = `${name}: ${value}\r\n`;
  const hosts = name === 'host' ? '' : `Host: ${host}\r\n`;
  const close = name === 'connection' ? '' : 'Connection: close\r\n';
  const upgrade = `${name === 'connection' ? '' : 'Connection: Upgrade\r\n'}${name === 'upgrade' ? '' : 'Upgrade: websocket\r\n'}`;
  return [
    `GET / HTTP/1.1\r\n${hosts}${field}${close}\r\n`,
    `GET / HTTP/1.1\r\n${hosts}${field}${upgrade}\r\n`,
    `GET / HTTP/1.1\r\n${hosts}${name}:\r\n${field}${close}\r\n`,
    `GET / HTTP/1.1\r\n${hosts}${field}${name}:\r\n${close}\r\n`,
    `OPTIONS * HTTP/1.1\r\n${hosts}${field}${close}\r\n`,
    // Without it.
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    `GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`,
    `GET / HTTP/1.0\r\n${field}\r\n`,
    `GET / HTTP/1.0\r\n${hosts}${field}\r\n`,
    ...(STATED[name] ? [`GET / HTTP/1.1\r\n${hosts}Forwarded: ${STATED[name](value)}\r\n${close}\r\n`] : []),
    ...(name === 'x-forwarded-host' ? [`GET / HTTP/1.1\r\nHost: ${value}\r\n${close}\r\n`] : []),
  ];
}

/** Sends them, several at a time. Some are refused: those have no head. */
async function headsOf(proxy: TestProxy, requests: readonly string[]): Promise<RoutedBy[]> {
  proxy.records.length = 0;
  const waiting = [...requests];
  let accepted = 0;
  const sendAll = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
      if ((await rawRequest(proxy.port, next, /\r\n\r\n/)).includes('no-endpoint')) accepted++;
  };
  await Promise.all(Array.from({ length: 32 }, sendAll));
  await eventually(() => proxy.records.length === accepted);
  return proxy.records.map(({ exchange }) => exchange.request);
}

/** Whether the match is called dead, and whether one of the requests matches it. */
function outcome(listener: ListenerSpec, match: MatchSpec, heads: readonly RoutedBy[]): { dead: boolean; matched: boolean } {
  const source = policy('p', { listener, matches: [match] });
  const parsed = parsePolicy(source);
  const [route] = makeListeners([parsed]).flatMap(({ routes }) => routes);
  assert.ok(route);
  const invalid = (_: unknown, reason: string) => assert.fail(reason);
  const table = createRouteTable([{ route, value: true }], { compile, invalid });
  return {
    dead: findDeadMatches(parsed, source.spec.matches).length > 0,
    matched: heads.some((head) => table.match(head) !== undefined),
  };
}

for (const [where, listener] of Object.entries(SURROUNDINGS)) {
  describe(where, () => {
    let proxy: TestProxy;
    before(async () => {
      const { listenerSettings } = parsePolicy(policy('p', { listener: { port: 1, ...listener } }));
      proxy = await startProxy({ endpoints: [], listener: listenerSettings });
    });
    after(() => proxy.close());

    for (const name of NAMES) {
      test(name, async () => {
        const host = listener.hostnames?.[0]?.replace('*', 'a.b') ?? 'any.example';
        const sent = [...VALUES, '10.0.0.1', String(proxy.port)];
        const heads = await headsOf(
          proxy,
          sent.flatMap((value) => requestsWith(name, value, host)),
        );
        const wrong: string[] = [];
        const check = (value: string, type: 'Exact' | 'RegularExpression'): void => {
          const match = { headers: [{ name, value, type }] };
          const { dead, matched } = outcome({ port: proxy.port, ...listener }, match, heads);
          if (dead === matched) wrong.push(`${type} ${value}: ${dead ? 'dead, but matched' : 'not dead, but not matched'}`);
        };
        for (const value of [...VALUES.filter((one) => one !== ''), String(proxy.port)]) check(value, 'Exact');
        for (const value of EXPRESSIONS) check(value, 'RegularExpression');
        assert.deepEqual(wrong, []);
      });
    }
  });
}

const NORMALIZATIONS: readonly PathNormalizationSpec[] = [
  {},
  { decodeUnreserved: false, mergeSlashes: false },
  { mergeSlashes: false, encodedSlash: 'Reject' },
  { encodedSlash: 'Reject' },
  { encodedSlash: 'Decode' },
  { decodeUnreserved: false, encodedSlash: 'Decode' },
];

for (const pathNormalization of NORMALIZATIONS) comparePaths(pathNormalization);

function comparePaths(pathNormalization: PathNormalizationSpec): void {
  const { listenerSettings } = parsePolicy(policy('p', { listener: { port: 1, pathNormalization } }));

  const paths = [
    ...['/', '/a', '/a/', '/a/b', '//x', '/a//b', '/a%20b', '/a/..b', '/a...', '/v0', '/ab', '/api/', '/A'],
    ...['/a/./b', '/..', '/a/%2e', '/%2E%2e/a', '/a/.%2E/b', '/a%00', '/a%5Cb', '/a%5cb', '/a\\b', '/a#b', '/a b'],
    ...['/ü', '/a"b', '/a\tb', "/~!$&'()*+,;=:@%", '*', 'a', ''],
    ...['/%61dmin', '/admin', '/%7Eme', '/%7eme', '/a%C3%A9', '/a%c3%a9', '/a%2Fb', '/a%2fb', '/a%2Fb//c', '/a%2F/b'],
    ...['/%zz', '/a%', '/a%2', '/%25', '/%2561', '/a//', '/a;x', '/a%3Bx', '/a%3bx', '/fetch/http://x'],
  ];
  const expressions = [
    ...['api/.*', '^api', 'users$^', '[^/].*', '(?i)API', '', '/api/.*', '.*', '\\/v[0-9]+', '//x', '\\*', '\\*|x'],
    ...['[*]?', '/a\\?.*', '/a\\\\b', '/.*#.*', '/a b', '/ü', '/\\pL', '/a"b', '/\\x00', '(/a)?', '.', '\\Bx', '/\\b'],
    ...['/\\ba', '/(?:a|b){2}', '/[^!-~]'],
    ...['/%61.*', '/%7E.*', '/%7[eE]me', '(?i)/a%c3%a9', '/a%[a-z].*', '/a%2Fb', '/a%2fb', '(?i)/a%2fb', '.*%2F.*'],
    ...['//.*', '.*//.*', '/.*//', '/a%2F/b', '/%(?:zz|2)', '.*%', '/%[0-9]{2}.*', '/%25[0-9]*', '/a(?:;|%3B)x', '/a%3bx'],
  ];
  const requests = paths
    .flatMap((path) => [path, `${path}/x`, `${path}?q`, `http://test.example${path}`, path.repeat(2)])
    .flatMap((target) =>
      ['GET', 'OPTIONS', 'TRACE'].map(
        (method) => `${method} ${target} HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n\r\n`,
      ),
    );

  test(`paths, with ${JSON.stringify(pathNormalization)}`, async (t) => {
    const proxy = await startProxy({ endpoints: [], listener: listenerSettings });
    t.after(() => proxy.close());
    const heads = await headsOf(proxy, requests);
    const listener = { port: proxy.port, pathNormalization };
    const wrong: string[] = [];
    const check = (
      type: 'Exact' | 'PathPrefix' | 'RegularExpression',
      value: string,
      method?: 'GET' | 'OPTIONS' | 'TRACE',
    ): void => {
      // The path of OPTIONS * counts only where the match names OPTIONS, or means just that.
      const means = method !== undefined || value === '\\*' || value === '[*]?';
      const seen = means ? heads : heads.filter(({ path }) => path !== '*');
      const { dead, matched } = outcome(listener, { path: { type, value }, ...(method && { method }) }, seen);
      if (dead === matched) wrong.push(`${method} ${type} ${value}: ${dead ? 'dead, but matched' : 'not dead, but not matched'}`);
    };
    for (const value of paths.filter((path) => path.startsWith('/')))
      for (const type of ['Exact', 'PathPrefix'] as const) check(type, value);
    for (const value of expressions)
      for (const method of [undefined, 'GET', 'OPTIONS'] as const) check('RegularExpression', value, method);
    check('PathPrefix', '/', 'TRACE');
    assert.deepEqual(wrong, []);
    const match = { path: { type: 'RegularExpression', value: '[^/].*' } } as const;
    assert.equal(outcome(listener, match, heads).dead, true);
    assert.equal(outcome(listener, { ...match, method: 'OPTIONS' }, heads).dead, false);
  });
}
