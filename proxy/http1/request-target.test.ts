/** Normalization as part of parseTarget, since what is refused before it counts too. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { normalizePath } from '../snapshot/normalize-path.ts';
import { parseTarget } from './request-target.ts';
import { DEFAULT_PATH_NORMALIZATION } from '../snapshot/path-normalization.ts';
import { normalizedPath, REFUSED_PATH } from '../snapshot/request-grammar.ts';
import type { PathNormalization } from '../snapshot/types.ts';

const OFF: PathNormalization = { decodeUnreserved: false, mergeSlashes: false, encodedSlash: 'Keep' };
const DEFAULT = DEFAULT_PATH_NORMALIZATION;
const REJECT: PathNormalization = { ...DEFAULT, encodedSlash: 'Reject' };
const DECODE: PathNormalization = { ...DEFAULT, encodedSlash: 'Decode' };
const SETTINGS: readonly PathNormalization[] = [true, false].flatMap((decodeUnreserved) =>
  [true, false].flatMap((mergeSlashes) =>
    (['Keep', 'Reject', 'Decode'] as const).map((encodedSlash) => ({ decodeUnreserved, mergeSlashes, encodedSlash })),
  ),
);

/** The target that is sent; undefined if the request is refused. */
function sent(target: string, how: PathNormalization = DEFAULT, method = 'GET'): string | undefined {
  const parsed = parseTarget(method, target, how);
  return typeof parsed === 'string' ? undefined : parsed.target;
}

const CASES: readonly (readonly [target: string, how: PathNormalization, sent: string])[] = [
  ['/%61dmin', DEFAULT, '/admin'],
  ['/adm%69n/x', DEFAULT, '/admin/x'],
  ['/%7Euser/%2D%5f%2E.a', DEFAULT, '/~user/-_..a'],
  ['/caf%c3%a9', DEFAULT, '/caf%C3%A9'],
  ['/%3bx%3D%25', DEFAULT, '/%3Bx%3D%25'],
  ['/%2561', DEFAULT, '/%2561'],
  ['/%25%36%31', DEFAULT, '/%2561'],
  ['//admin', DEFAULT, '/admin'],
  ['/a///b//', DEFAULT, '/a/b/'],
  ['//', DEFAULT, '/'],
  ['/a%2fb', DEFAULT, '/a%2Fb'],
  ['/a%2F%2Fb//c', DEFAULT, '/a%2F%2Fb/c'],
  ['/%2F/', DEFAULT, '/%2F/'],
  ['/admin;x/%61', DEFAULT, '/admin;x/a'],
  ['//a?b=//c%61%2f%zz', DEFAULT, '/a?b=//c%61%2f%zz'],
  ['/?', DEFAULT, '/?'],
  ['//?', DEFAULT, '/?'],
  ['http://h//a//%61?//%61', DEFAULT, '/a/a?//%61'],
  ['http://h?//%61', DEFAULT, '/?//%61'],
  ['/a%2fb', { ...OFF, encodedSlash: 'Decode' }, '/a/b'],
  ['/a%2f/b', { ...OFF, encodedSlash: 'Decode' }, '/a//b'],
  ['/a%2F%2f/b', DECODE, '/a/b'],
  ['/%2Fadmin%2Fx', DECODE, '/admin/x'],
  ['/a%252Fb', DECODE, '/a%252Fb'],
  ['/a%252Fb', REJECT, '/a%252Fb'],
  ['/a?b=%2F', REJECT, '/a?b=%2F'],
  ['/a?b=%2F//', DECODE, '/a?b=%2F//'],
  ['//%61%c3%a9%2f//b%2F', OFF, '//%61%c3%a9%2f//b%2F'],
  ['/%61//b', { ...OFF, mergeSlashes: true }, '/%61/b'],
  ['/%61//b', { ...OFF, decodeUnreserved: true }, '/a//b'],
];
for (const [target, how, expected] of CASES)
  test(`${target} with ${JSON.stringify(how)} is ${expected}`, () => {
    const parsed = parseTarget('GET', target, how);
    assert.ok(typeof parsed === 'object', JSON.stringify(parsed));
    assert.equal(parsed.target, expected);
    assert.equal(parsed.path, expected.replace(/\?.*/, ''));
  });

describe('refused under every setting', () => {
  const refused = [
    ...['/%', '/%4', '/%zz', '/a%4', '/%4/1', '/%%61', '/%2', '/%6%31', '/%u0061', 'http://h/%'],
    ...['/%2e%2e', '/%2E', '/.%2e/a', '/a%2F..%2Fb', '/a%2f%2e%2e', '/a%2F.', '//..', '/..//', '//%2e/', '/%2f..', '/a/%2F%2e'],
    ...['/a/..;x', '/.;', '/%2e%2E;x=1/b', '/a/.%3bx', '/a%2F..%3B'],
    ...['/%00', '/a%00b', '/%5c', '/a%5Cb', '/a\\b', '//\\', '/%61\\'],
  ];
  for (const target of refused)
    test(target, () => {
      for (const how of SETTINGS) assert.equal(sent(target, how), undefined, JSON.stringify(how));
    });

  test('with a sentence that says what to do', () => {
    assert.match(JSON.stringify(parseTarget('GET', '/%zz', OFF)), /write a percent sign as %25/);
    assert.match(JSON.stringify(parseTarget('GET', '/a%2Fb', REJECT)), /encoded slash.*: send a slash/);
  });

  test('an encoded slash, where that is the setting', () => {
    for (const target of ['/a%2Fb', '/%2f', '/a%2f?b', 'http://h/%2F'])
      for (const how of SETTINGS) assert.equal(sent(target, how) === undefined, how.encodedSlash === 'Reject', target);
  });
});

test('the asterisk of OPTIONS is no path', () => {
  for (const how of SETTINGS) {
    for (const target of ['*', 'http://h']) assert.equal(sent(target, how, 'OPTIONS'), '*');
    assert.equal(sent('http://h//', how, 'OPTIONS'), how.mergeSlashes ? '/' : '//');
  }
});

/** Character by character; undefined if the path is refused. */
function reference(path: string, { decodeUnreserved, mergeSlashes, encodedSlash }: PathNormalization): string | undefined {
  let result = '';
  let meaning = '';
  for (let i = 0; i < path.length; i++) {
    const escaped = path[i] === '%';
    const text = escaped ? path.slice(i, i + 3) : path.charAt(i);
    if (escaped && !/^%[0-9a-fA-F][0-9a-fA-F]$/.test(text)) return undefined;
    const character = escaped ? String.fromCharCode(Number(`0x${text.slice(1)}`)) : text;
    if (character === '\0' || character === '\\') return undefined;
    if (escaped && character === '/' && encodedSlash === 'Reject') return undefined;
    const decoded =
      escaped && ((character === '/' && encodedSlash === 'Decode') || (decodeUnreserved && /[\w.~-]/.test(character)));
    const next = decoded ? character : escaped && decodeUnreserved ? text.toUpperCase() : text;
    if (!(mergeSlashes && next === '/' && result.endsWith('/'))) result += next;
    meaning += character;
    i += text.length - 1;
  }
  // Without the parameters of segments.
  const segments = meaning.split('/').map((segment) => segment.replace(/;[^]*/, ''));
  return segments.some((segment) => segment === '.' || segment === '..') ? undefined : result;
}

const piece = fc.oneof(
  fc.constantFrom('/', '//', '.', '..', 'a', 'admin', ';x', '~', '%25', '%', '%4', '%zz', '5c', '2F', '61', '00', '2e', 'F'),
  fc.constantFrom('%2e', '%2E', '%2F', '%2f', '%5c', '%5C', '%00', '%61', '%41', '%7e', '%3B', '%c3%A9', '%2541', '%252F'),
  fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
  fc.string({ maxLength: 3 }).map((text) => text.replace(/[^!-~]|[?#\\]/g, '')),
);
const anyPath = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);
const anySettings = fc.constantFrom(...SETTINGS);
const anyQuery = fc.oneof(
  fc.constant(''),
  fc.array(fc.oneof(piece, fc.constant('?'))).map((pieces) => `?${pieces.join('')}`),
);
const RUNS = { numRuns: 5000 };

describe('for any path', () => {
  test('the result is that of a reference, and the query is never changed', () => {
    fc.assert(
      fc.property(anyPath, anyQuery, anySettings, (path, query, how) => {
        const expected = reference(path, how);
        assert.equal(sent(path + query, how), expected === undefined ? undefined : expected + query);
        assert.equal(sent(`http://h${path}${query}`, how), expected === undefined ? undefined : expected + query);
      }),
      RUNS,
    );
  });

  test('the result is a path that the listener can have, and stays as it is', () => {
    fc.assert(
      fc.property(anyPath, anySettings, (path, how) => {
        const result = sent(path, how);
        if (result === undefined) return;
        assert.match(result, new RegExp(`^(?:${normalizedPath(how)})$`));
        assert.doesNotMatch(result, REFUSED_PATH);
        assert.deepEqual(normalizePath(result, how), { ok: true, path: result });
      }),
      RUNS,
    );
  });

  test('every path that the listener can have stays as it is', () => {
    fc.assert(
      fc.property(anyPath, anySettings, (path, how) => {
        const possible = new RegExp(`^(?:${normalizedPath(how)})$`).test(path) && !REFUSED_PATH.test(path);
        assert.equal(sent(path, how) === path, possible);
      }),
      RUNS,
    );
  });
});
