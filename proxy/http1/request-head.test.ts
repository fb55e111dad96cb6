import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { admit } from './request-head.ts';
import type { Admitted } from './request-head.ts';
import { addHopHeaders, plainAddress } from '../downstream/forwarded-headers.ts';
import { parseHost } from './authority.ts';

const SETTINGS = { viaName: 'outrigger-me', makeRequestId: () => 'made-here' };

function judge(url: string, raw: string[], method = 'GET', minor = 1) {
  return admit(method, url, minor, raw, SETTINGS);
}
function admitted(url: string, raw: string[], method = 'GET', minor = 1): Admitted {
  const a = judge(url, raw, method, minor);
  assert.ok(a.ok, JSON.stringify(a));
  return a;
}

const REFUSED: [string, number, string, string[], string?, number?][] = [
  ['no Host', 400, '/', []],
  ['Host twice', 400, '/', ['Host', 'a', 'host', 'a']],
  ['Host with user information', 400, '/', ['Host', 'me@a']],
  ['Host with a path', 400, '/', ['Host', 'a/b']],
  ['Host with white space', 400, '/', ['Host', 'a b']],
  ['Host with a port above 65535', 400, '/', ['Host', 'a:65536']],
  ['Host with a bad IPv6 literal', 400, '/', ['Host', '[zz]']],
  ['a bad Host beside an absolute target', 400, 'http://b/', ['Host', 'a@b']],
  ['Content-Length twice, equal', 400, '/', ['Host', 'a', 'Content-Length', '1', 'Content-Length', '1']],
  ['Content-Length as a list', 400, '/', ['Host', 'a', 'Content-Length', '1, 1']],
  ['a signed Content-Length', 400, '/', ['Host', 'a', 'Content-Length', '+1']],
  ['Transfer-Encoding with Content-Length', 400, '/', ['Host', 'a', 'Content-Length', '1', 'Transfer-Encoding', 'chunked']],
  ['Transfer-Encoding on HTTP/1.0', 400, '/', ['Host', 'a', 'Transfer-Encoding', 'chunked'], 'POST', 0],
  ['Transfer-Encoding that does not end in chunked', 400, '/', ['Host', 'a', 'Transfer-Encoding', 'chunked, gzip']],
  ['a coding that would be passed on undecoded', 400, '/', ['Host', 'a', 'Transfer-Encoding', 'gzip, chunked']],
  ['chunked twice', 400, '/', ['Host', 'a', 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
  ['a dot segment', 400, '/a/../b', ['Host', 'a']],
  ['an encoded dot segment', 400, '/a/%2e%2E/b', ['Host', 'a']],
  ['a half-encoded dot segment', 400, '/a/.%2e', ['Host', 'a']],
  ['dots behind an encoded slash', 400, '/a%2f..%2fb', ['Host', 'a']],
  ['a single dot at the end', 400, '/a/.', ['Host', 'a']],
  ['backslash', 400, '/a\\b', ['Host', 'a']],
  ['encoded backslash', 400, '/a%5Cb', ['Host', 'a']],
  ['encoded NUL', 400, '/a%00', ['Host', 'a']],
  ['a fragment', 400, '/a#b', ['Host', 'a']],
  ['bytes above ASCII', 400, '/\u00e4', ['Host', 'a']],
  ['a target without a slash', 400, 'a', ['Host', 'a']],
  ['another scheme', 400, 'ftp://a/', ['Host', 'a']],
  ['an absolute target without a host', 400, 'http:///', ['Host', 'a']],
  ['user information in the target', 400, 'http://me@a/', ['Host', 'a']],
  ['* without OPTIONS', 400, '*', ['Host', 'a']],
  ['CONNECT', 405, 'a:443', ['Host', 'a'], 'CONNECT'],
  ['an expectation that is not known', 417, '/', ['Host', 'a', 'Expect', 'tea']],
  ['our own Via', 508, '/', ['Host', 'a', 'Via', '1.1 other', 'Via', '1.1 outrigger-me']],
];

for (const [what, status, url, raw, method, minor] of REFUSED) {
  test(`refuses ${what}`, () => {
    const a = judge(url, raw, method, minor);
    assert.ok(!a.ok);
    assert.equal(a.status, status);
    assert.ok(a.text.length > 0);
  });
}

test('takes host, path and query apart and lower-cases the host', () => {
  const a = admitted('/a/b?c=d\\e', ['Host', 'Shop.Example.:8080']);
  assert.deepEqual([a.host, a.path, a.target, a.authority], ['shop.example', '/a/b', '/a/b?c=d\\e', 'Shop.Example.:8080']);
});

test('the absolute form sets Host', () => {
  const a = admitted('http://Real.example:81/p?q', ['Host', 'other']);
  const headers = addHopHeaders(a, { peer: '1.2.3.4', port: 80, minorVersion: 1, viaName: 'me' });
  assert.deepEqual([a.host, a.target, headers['host']], ['real.example', '/p?q', 'Real.example:81']);
  assert.equal(admitted('http://a?q', ['Host', 'a']).target, '/?q');
});

test('IPv6 hosts, empty hosts and HTTP/1.0 without one are taken', () => {
  assert.equal(admitted('/', ['Host', '[::1]:8080']).host, '[::1]');
  assert.equal(admitted('/', ['Host', '']).host, '');
  assert.equal(admitted('/', [], 'GET', 0).host, '');
});

test('what Connection names goes, before ours are added', () => {
  const a = admitted(
    '/',
    ['Host', 'a', 'X-Mine', '1', 'Connection', 'x-mine, X-Forwarded-For, content-length', 'Content-Length', '3'],
    'POST',
  );
  const headers = addHopHeaders(a, { peer: '1.2.3.4', port: 80, minorVersion: 1, viaName: 'me' });
  assert.equal(headers['x-mine'], undefined);
  assert.equal(headers['x-forwarded-for'], '1.2.3.4');
  assert.equal(headers['content-length'], '3');
});

test('repeated fields stay apart, cookies are joined', () => {
  const { headers } = admitted('/', ['Host', 'a', 'Accept', 'x', 'accept', 'y', 'Cookie', 'a=1', 'Cookie', 'b=2']);
  assert.deepEqual(headers['accept'], ['x', 'y']);
  assert.equal(headers['cookie'], 'a=1; b=2');
});

test('Via is added to, X-Request-Id kept where it is sane and made where not', () => {
  const a = admitted('/', ['Host', 'a', 'Via', '1.0 before', 'X-Request-Id', 'abc']);
  assert.equal(addHopHeaders(a, { peer: 'c', port: 1, minorVersion: 1, viaName: 'me' })['via'], '1.0 before, 1.1 me');
  assert.equal(a.requestId, 'abc');
  assert.equal(admitted('/', ['Host', 'a', 'X-Request-Id', 'a\u0007b']).requestId, 'made-here');
  assert.equal(admitted('/', ['Host', 'a']).requestId, 'made-here');
});

test('Max-Forwards counts down for OPTIONS and TRACE only', () => {
  const a = admitted('*', ['Host', 'a', 'Max-Forwards', '3'], 'OPTIONS');
  assert.deepEqual([a.maxForwards, a.headers['max-forwards']], [3, '2']);
  assert.equal(admitted('/', ['Host', 'a', 'Max-Forwards', '0']).maxForwards, undefined);
});

test('a header name of the object prototype is only a header', () => {
  const { headers } = admitted('/', ['Host', 'a', '__proto__', 'x', 'constructor', 'y']);
  assert.deepEqual([headers['__proto__'], headers['constructor']], ['x', 'y']);
});

test('hosts are remembered without bound on what clients send', () => {
  for (let i = 0; i < 3000; i++) parseHost(`h${i}.example`);
  assert.equal(parseHost('H1.example:80'), 'h1.example');
});

test('client addresses are written one way', () => {
  assert.deepEqual([plainAddress('::ffff:1.2.3.4'), plainAddress('::1'), plainAddress(undefined)], ['1.2.3.4', '::1', 'unknown']);
});

test('nothing a client sends makes admission throw, and what is admitted is unambiguous', () => {
  const name = fc.oneof(
    fc.constantFrom('Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Via', 'Expect'),
    fc.string(),
  );
  const value = fc.oneof(fc.constantFrom('a', '1', 'chunked', 'close', 'host'), fc.string());
  fc.assert(
    fc.property(
      fc.oneof(fc.webPath(), fc.string()),
      fc.array(fc.tuple(name, value)),
      fc.constantFrom(0, 1),
      (url, pairs, minor) => {
        const a = judge(url, pairs.flat(), 'POST', minor);
        if (!a.ok) return;
        assert.equal(a.headers['transfer-encoding'], undefined);
        assert.ok(a.body !== 'chunked' || a.headers['content-length'] === undefined);
        assert.ok(!/\/\.\.?(\/|$)/.test(a.path));
      },
    ),
  );
});
