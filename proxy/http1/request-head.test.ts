import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RawFields } from './received-fields.ts';
import { readRequestHead } from './request-head.ts';
import type { AcceptedHead } from './request-head.ts';
import { parseHost } from './authority.ts';
import { fieldPairs } from '../message/fields.ts';
import { DEFAULT_PATH_NORMALIZATION } from '../snapshot/path-normalization.ts';

const SETTINGS = {
  viaName: 'outrigger-me',
  makeRequestId: () => 'made-here',
  pathNormalization: () => DEFAULT_PATH_NORMALIZATION,
};

function read(url: string, raw: string[], method = 'GET', minor = 1) {
  return readRequestHead(method, url, minor, new RawFields(raw), SETTINGS);
}
function accepted(url: string, raw: string[], method = 'GET', minor = 1): AcceptedHead {
  const a = read(url, raw, method, minor);
  assert.ok(a.ok, JSON.stringify(a));
  return a;
}

const REFUSED: [string, number, string, string[], string?, number?][] = [
  ['no Host', 400, '/', []],
  ['Host twice', 400, '/', ['Host', 'a', 'host', 'a']],
  ['Host with user information', 400, '/', ['Host', 'me@a']],
  ['Host with a path', 400, '/', ['Host', 'a/b']],
  ['Host with a % that begins no escape', 400, '/', ['Host', 'a%']],
  ['Host with half an escape', 400, '/', ['Host', 'a%4']],
  ['an absolute target with such a host', 400, 'http://a%?x', ['Host', 'a']],
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
  ['a no-break space beside chunked', 400, '/', ['Host', 'a', 'Transfer-Encoding', '\xa0chunked']],
  ['chunked twice', 400, '/', ['Host', 'a', 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
  ['a dot segment', 400, '/a/../b', ['Host', 'a']],
  ['an encoded dot segment', 400, '/a/%2e%2E/b', ['Host', 'a']],
  ['a half-encoded dot segment', 400, '/a/.%2e', ['Host', 'a']],
  ['a dot segment with a parameter', 400, '/a/..;x=1/b', ['Host', 'a']],
  ['an encoded dot segment with an encoded parameter', 400, '/a/%2e%3Bx/b', ['Host', 'a']],
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
  ['an unknown expectation', 417, '/', ['Host', 'a', 'Expect', 'tea']],
  ['an unknown expectation after a known one', 417, '/', ['Host', 'a', 'Expect', '100-continue, tea']],
  ['an unknown expectation before a known one', 417, '/', ['Host', 'a', 'Expect', 'tea, 100-continue']],
  ['an unknown expectation in another field', 417, '/', ['Host', 'a', 'Expect', 'tea', 'expect', '100-continue']],
  ['an expectation with a parameter', 417, '/', ['Host', 'a', 'Expect', '100-continue;q=1']],
  ['an expectation that only begins as a known one', 417, '/', ['Host', 'a', 'Expect', '100-continued']],
  ['an unknown expectation on HTTP/1.0', 417, '/', ['Host', 'a', 'Expect', 'tea'], 'GET', 0],
  ['the name of this proxy in Via', 508, '/', ['Host', 'a', 'Via', '1.1 other', 'Via', '1.1 outrigger-me']],
];

for (const [what, status, url, raw, method, minor] of REFUSED) {
  test(`refuses ${what}`, () => {
    const a = read(url, raw, method, minor);
    assert.ok(!a.ok);
    assert.equal(a.reply.status, status);
    assert.ok(a.reply.text.length > 0);
  });
}

test('splits host, path and query, and lower-cases the host', () => {
  const a = accepted('/a/b?c=d\\e', ['Host', 'Shop.Example.:8080']);
  assert.deepEqual([a.host, a.path, a.target, a.authority], ['shop.example', '/a/b', '/a/b?c=d\\e', 'Shop.Example.:8080']);
});

test('the absolute form overrides Host', () => {
  const a = accepted('http://Real.example:81/p?q', ['Host', 'other']);
  assert.deepEqual([a.host, a.target, a.authority], ['real.example', '/p?q', 'Real.example:81']);
  assert.equal(accepted('http://a?q', ['Host', 'a']).target, '/?q');
});

test('IPv6 hosts, empty hosts and HTTP/1.0 without a host are accepted', () => {
  assert.equal(accepted('/', ['Host', '[::1]:8080']).host, '[::1]');
  assert.equal(accepted('/', ['Host', '']).host, '');
  assert.equal(accepted('/', [], 'GET', 0).host, '');
});

test('fields that Connection names are removed, except framing', () => {
  const a = accepted(
    '/',
    ['Host', 'a', 'X-Mine', '1', 'Connection', 'x-mine, X-Forwarded-For, content-length', 'Content-Length', '3'],
    'POST',
  );
  assert.equal(a.fields.get('x-mine'), undefined);
  assert.equal(a.fields.get('content-length'), '3');
  assert.equal(a.body, 3);
});

test('100-continue in any list is one expectation; HTTP/1.0 has none', () => {
  for (const raw of [['100-Continue'], ['100-continue, 100-continue'], [',, 100-continue ,'], ['100-continue', '100-continue']]) {
    const fields = raw.flatMap((value) => ['Expect', value]);
    assert.equal(accepted('/', ['Host', 'a', ...fields]).expectContinue, true, raw.join());
    assert.equal(accepted('/', ['Host', 'a', ...fields], 'GET', 0).expectContinue, false, raw.join());
  }
  for (const empty of ['', ' , '])
    assert.equal(accepted('/', ['Host', 'a', 'Expect', empty]).expectContinue, false, `"${empty}"`);
});

test('names with underscores that hide a field of the proxy are dropped, others are kept', () => {
  const hidden = [
    'X_Forwarded_For',
    'x-forwarded_for',
    'X_Request_Id',
    'Content_Length',
    'Transfer_Encoding',
    'Sec_WebSocket_Key',
  ];
  const kept = ['X_Mine', '_', 'Content_Type', 'X__Forwarded_For', 'Via_'];
  const { fields } = accepted('/', ['Host', 'a', ...[...hidden, ...kept].flatMap((name) => [name, '1'])]);
  assert.deepEqual(
    fieldPairs(fields.list()).map(([name]) => name),
    kept,
  );
});

const CLOSES: readonly (readonly [what: string, closes: boolean, minor: number, raw: string[]])[] = [
  ['HTTP/1.0 with close and keep-alive', true, 0, ['Connection', 'close, keep-alive']],
  ['HTTP/1.0 with keep-alive and close', true, 0, ['Connection', 'keep-alive', 'Connection', 'Close']],
  ['HTTP/1.0 with keep-alive', false, 0, ['Connection', 'keep-alive']],
  ['HTTP/1.0 with a name that contains close', false, 0, ['Connection', 'keep-alive, x-close']],
  ['HTTP/1.0 that asks for a protocol', true, 0, ['Connection', 'keep-alive, upgrade', 'Upgrade', 'x']],
  ['an offer of another protocol', true, 1, ['Connection', 'Upgrade', 'Upgrade', 'x']],
  ['an offer in a list', true, 1, ['Connection', 'keep-alive , upgrade', 'Upgrade', 'h2c', 'Upgrade', 'x']],
  ['an offer of HTTP/2', true, 1, ['Connection', 'Upgrade, HTTP2-Settings', 'Upgrade', 'h2c']],
  ['Upgrade that Connection does not name', false, 1, ['Connection', 'keep-alive', 'Upgrade', 'x']],
  ['Connection: Upgrade without Upgrade', false, 1, ['Connection', 'Upgrade']],
];
for (const [what, closes, minor, raw] of CLOSES) {
  test(`${closes ? 'closes' : 'does not close'} after ${what}`, () =>
    assert.equal(accepted('/', ['Host', 'a', ...raw], 'GET', minor).closes, closes));
}

test('only spaces and tabs are white space in Connection', () => {
  const { fields } = accepted('/', ['Host', 'a', 'X-A', '1', 'X-B', '1', 'Connection', '\xa0x-a, \tx-b ']);
  assert.deepEqual([fields.get('x-a'), fields.get('x-b')], ['1', undefined]);
});

test('names keep their case, and repeated fields their lines', () => {
  const lines = ['Accept', 'x', 'accept', 'y', 'Cookie', 'a=1', 'cookie', 'b=2'];
  assert.deepEqual(accepted('/', ['Host', 'a', ...lines]).fields.list(), lines);
});

test('Via is kept, X-Request-Id if it is printable and short; else an id is made', () => {
  const a = accepted('/', ['Host', 'a', 'Via', '1.0 before', 'X-Request-Id', 'abc']);
  assert.equal(a.via, '1.0 before');
  assert.deepEqual(a.fields.list(), []);
  assert.equal(a.requestId, 'abc');
  assert.equal(accepted('/', ['Host', 'a', 'X-Request-Id', 'a\u0007b']).requestId, 'made-here');
  assert.equal(accepted('/', ['Host', 'a']).requestId, 'made-here');
});

test('Max-Forwards counts for OPTIONS and TRACE only, if there is one and it is a number', () => {
  const left = (method: string, ...values: string[]) => {
    const a = accepted(
      method === 'OPTIONS' ? '*' : '/',
      ['Host', 'a', ...values.flatMap((value) => ['Max-Forwards', value])],
      method,
    );
    return [a.maxForwards, a.fields.all('max-forwards')];
  };
  assert.deepEqual(left('OPTIONS', '3'), [3, []]);
  assert.deepEqual(left('TRACE', '0'), [0, []]);
  assert.deepEqual(left('GET', '0'), [undefined, ['0']]);
  assert.deepEqual(left('OPTIONS', 'x'), [undefined, ['x']]);
  assert.deepEqual(left('OPTIONS', '1', '1'), [undefined, ['1', '1']]);
});

test('a header with the name of a property of Object.prototype is an ordinary header', () => {
  const { fields } = accepted('/', ['Host', 'a', '__proto__', 'x', 'constructor', 'y']);
  assert.deepEqual([fields.get('__proto__'), fields.get('constructor')], ['x', 'y']);
});

test('the cache of hosts is bounded: any number of hosts is parsed correctly', () => {
  for (let i = 0; i < 3000; i++) parseHost(`h${i}.example`);
  assert.equal(parseHost('H1.example:80'), 'h1.example');
});

test('no input makes it throw, and every accepted head is unambiguous', () => {
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
        const a = read(url, pairs.flat(), 'POST', minor);
        if (!a.ok) return;
        assert.equal(a.fields.get('transfer-encoding'), undefined);
        assert.ok(a.body !== 'chunked' || a.fields.get('content-length') === undefined);
        assert.ok(!/\/\.\.?(\/|$)/.test(a.path));
      },
    ),
  );
});
