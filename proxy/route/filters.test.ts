import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseTarget } from '../http1/request-target.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { PathModifier, RequestRedirect } from '../snapshot/types.ts';
import { filterHead, compileFilters, modifyPath, redirectLocation } from './filters.ts';
import { ListFields } from '../message/fields.ts';
import { DEFAULT_PATH_NORMALIZATION } from '../snapshot/path-normalization.ts';
import { editRequestFields, editResponseFields } from '../message/header-edit.ts';
import { fieldsOf, recordOf } from '../message/test-fields.ts';

const GET: RequestHead = {
  method: 'GET',
  scheme: 'http',
  authority: 'a.test',
  host: 'a.test',
  path: '/',
  port: 80,
  receivedTarget: '/',
  target: '/',
  fields: fieldsOf({}),
  protocol: undefined,
  acceptsTrailers: false,
  trailer: undefined,
};

function requestHead(more: Partial<RequestHead>): RequestHead {
  return { ...GET, ...more };
}

const to = (value: string): PathModifier => ({ type: 'ReplacePrefixMatch', value });
const full = (value: string): PathModifier => ({ type: 'ReplaceFullPath', value });
/** The prefix in the form that the route table returns. */
const bare = (prefix: string): string => prefix.replace(/\/$/, '');

describe('paths', () => {
  // The table of Gateway API's HTTPPathModifier: path, prefix, replacement, result.
  const published = [
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
  ] as const;
  for (const [path, prefix, replacement, result] of published) {
    test(`${path} with ${prefix} replaced by "${replacement}" is ${result}`, () =>
      assert.equal(modifyPath(to(replacement), path, bare(prefix)), result));
  }

  test('replaces the prefix of any path, and a full path', () => {
    assert.equal(modifyPath(to('/v2'), '/a/b', ''), '/v2/a/b');
    assert.equal(modifyPath(full('/v2/'), '/a/b', '/a'), '/v2/');
  });

  test('no result names a host', () => {
    for (const replacement of ['', '/']) assert.equal(modifyPath(to(replacement), '/foo//evil.test/x', '/foo'), '/evil.test/x');
  });

  test('a result is a valid path if the request path was', () => {
    const element = fc.constantFrom('a', '', '.a', '%20', 'b..', '%41');
    const path = fc.array(element, { minLength: 1, maxLength: 5 }).map((s) => `/${s.join('/')}`);
    const replacement = fc.constantFrom('', '/', '/v2', '/v2/', '/a/b');
    fc.assert(
      fc.property(path, fc.nat(5), replacement, (given, n, value) => {
        const prefix = given
          .split('/')
          .slice(0, n + 1)
          .join('/');
        const result = modifyPath(to(value), given, bare(prefix));
        assert.equal(typeof parseTarget('GET', result, DEFAULT_PATH_NORMALIZATION), 'object', result);
      }),
    );
  });
});

describe('changes', () => {
  const line = requestHead({ path: '/foo/bar', target: '/foo/bar?a=/foo&b' });
  const rewritten = (path: PathModifier, given: RequestHead = line): string =>
    filterHead(compileFilters({ urlRewrite: { path } }) ?? assert.fail(), given, '/foo').target;

  test('a route without filters has none', () => assert.equal(compileFilters({}), undefined));

  test('the query is kept, also an empty one; * is no path', () => {
    assert.equal(rewritten(to('/x')), '/x/bar?a=/foo&b');
    assert.equal(rewritten(full('/x')), '/x?a=/foo&b');
    assert.equal(rewritten(full('/x'), requestHead({ path: '/foo', target: '/foo?' })), '/x?');
    assert.equal(rewritten(full('/x'), requestHead({ path: '*', target: '*' })), '*');
  });

  test('a hostname alone keeps the path', () => {
    const head = filterHead(compileFilters({ urlRewrite: { hostname: 'b.test' } }) ?? assert.fail(), line, '');
    assert.deepEqual(head, { ...line, authority: 'b.test' });
  });
});

describe('redirects', () => {
  const request = requestHead({ path: '/foo/bar', target: '/foo/bar?q=1' });
  const from = (r: RequestRedirect, head: Partial<RequestHead> = {}, prefix = '') =>
    redirectLocation(r, { ...request, port: 8080, ...head }, prefix);
  const cases: readonly [what: string, r: Omit<RequestRedirect, 'statusCode'>, location: string][] = [
    ['another scheme has its own port', { scheme: 'https' }, 'https://a.test/foo/bar?q=1'],
    ['the same scheme has its own port, too', { scheme: 'http' }, 'http://a.test/foo/bar?q=1'],
    ['without a scheme, the port is the listener’s', { hostname: 'b.test' }, 'http://b.test:8080/foo/bar?q=1'],
    ['a port', { port: 8443, scheme: 'https' }, 'https://a.test:8443/foo/bar?q=1'],
    ['the default port is left out', { port: 80 }, 'http://a.test/foo/bar?q=1'],
    ['the default port of the other scheme', { port: 443 }, 'http://a.test:443/foo/bar?q=1'],
    ['a full path', { scheme: 'https', path: full('/x') }, 'https://a.test/x?q=1'],
    ['a prefix', { scheme: 'https', path: to('') }, 'https://a.test/bar?q=1'],
  ];
  for (const [what, redirect, location] of cases) {
    test(what, () => assert.equal(from({ statusCode: 302, ...redirect }, {}, '/foo'), location));
  }

  test('over TLS the scheme is https', () => {
    assert.equal(from({ statusCode: 302, hostname: 'b.test' }, { scheme: 'https' }), 'https://b.test:8080/foo/bar?q=1');
  });

  test('at the default port of the client’s scheme, the port is left out', () => {
    assert.equal(from({ statusCode: 302 }, { scheme: 'https', port: 443 }), 'https://a.test/foo/bar?q=1');
    assert.equal(from({ statusCode: 302 }, { scheme: 'http', port: 443 }), 'http://a.test:443/foo/bar?q=1');
    assert.equal(from({ statusCode: 302, scheme: 'http' }, { scheme: 'https', port: 8443 }), 'http://a.test/foo/bar?q=1');
  });

  test('an IPv6 host, no host, and *', () => {
    const r: RequestRedirect = { statusCode: 301, scheme: 'https' };
    assert.equal(from(r, { host: '[::1]' }), 'https://[::1]/foo/bar?q=1');
    assert.equal(from(r, { host: '', path: '//b.test/', target: '//b.test/?q' }), '/b.test/?q');
    assert.equal(from(r, { path: '*', target: '*' }), 'https://a.test/');
  });
});

describe('headers', () => {
  const filters = compileFilters({
    requestHeaderModifier: { set: [{ name: 'a', value: '1' }], add: [{ name: 'b', value: '2' }], remove: ['c'] },
  });
  const edit = filters?.request ?? assert.fail();

  test('of a request: set replaces, add appends, remove deletes; the original is unchanged', () => {
    const before = { a: ['x', 'y'], b: 'z', c: 'q', d: 'd' };
    const copy = structuredClone(before);
    assert.deepEqual(recordOf(editRequestFields(fieldsOf(before), edit)), { a: '1', b: ['z', '2'], d: 'd' });
    assert.deepEqual(before, copy);
    assert.deepEqual(recordOf(editRequestFields(fieldsOf({}), edit)), { a: '1', b: '2' });
    assert.deepEqual(recordOf(editRequestFields(fieldsOf({ b: ['x', 'y'] }), edit)), { a: '1', b: ['x', 'y', '2'] });
  });

  test('cookies stay one field', () => {
    const cookie = { dropped: new Set<string>(), added: ['cookie', 'b=2'] };
    assert.deepEqual(recordOf(editRequestFields(fieldsOf({ cookie: 'a=1' }), cookie)), { cookie: 'a=1; b=2' });
  });

  test('of a response, names in any case', () => {
    const list = ['A', 'x', 'd', 'd', 'C', 'q', 'a', 'y', 'B', 'z'];
    assert.deepEqual(editResponseFields(new ListFields(list), edit).list(), ['d', 'd', 'B', 'z', 'a', '1', 'b', '2']);
  });
});

test('a request header that a route sets or removes has no other spelling beside it, with hyphens or underscores', () => {
  const filters = compileFilters({
    requestHeaderModifier: {
      set: [
        { name: 'x-user', value: 'me' },
        { name: 'x_tenant', value: '1' },
      ],
      add: [{ name: 'x-more', value: '1' }],
      remove: ['x-secret'],
    },
  });
  const fields = fieldsOf({
    'x-tenant': '9',
    x_user: 'you',
    'x-user': 'you',
    x_secret: '1',
    x_more: '0',
    other_name: '1',
  });
  assert.ok(filters);
  assert.deepEqual(filterHead(filters, requestHead({ fields }), '').fields.list(), [
    ...['x_more', '0', 'other_name', '1'],
    ...['x-user', 'me', 'x_tenant', '1', 'x-more', '1'],
  ]);
});
