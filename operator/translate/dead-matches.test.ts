import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findDeadMatches } from './dead-matches.ts';
import { parsePolicy } from './policy.ts';
import { policy } from './testing.ts';
import type { MatchSpec, PathNormalizationSpec, PolicySpec } from '../api/policy.gen.ts';

/** What is said of these matches, by index: one text for each condition that never holds. */
function reasons(matches: MatchSpec[], more: Partial<PolicySpec> = {}): Record<number, string[]> {
  const source = policy('p', { matches, ...more });
  const dead = findDeadMatches(parsePolicy(source), source.spec.matches);
  return Object.fromEntries(
    dead.map(({ index, conditions }) => [index, conditions.map(({ field, advice }) => `${field}: ${advice}`)]),
  );
}

const header = (name: string, value: string): MatchSpec => ({ headers: [{ name, value }] });
const expression = (value: string): MatchSpec => ({ path: { type: 'RegularExpression', value } });

test('matches that can hold are not mentioned', () => {
  const matches = [
    {},
    { path: {} },
    { path: { value: '/' } },
    header('Accept', 'text/html'),
    expression('/.*'),
    { method: 'TRACE' },
  ];
  assert.deepEqual(reasons(matches as MatchSpec[]), {});
  assert.deepEqual(reasons([]), {});
});

test('every condition that cannot hold is named with its field, in the order of the spec', () => {
  const matches: MatchSpec[] = [
    header('x-tenant', 'a'),
    {
      ...expression('api/.*'),
      headers: [
        { name: 'X-Tenant', value: 'a' },
        { name: 'TE', value: 'trailers' },
      ],
    },
  ];
  const [path, te] = reasons(matches)[1] ?? [];
  assert.match(
    path ?? '',
    /^matches\[1\]\.path\.value: nothing that begins with \/ matches all of it.*: begin it with \/ or \.\*/,
  );
  assert.equal(te, 'matches[1].headers[1] (te): the proxy removes this header before it matches requests: remove the condition');
  assert.deepEqual(Object.keys(reasons(matches)), ['1']);
});

test('a name with underscores that hides a header of the proxy never arrives, others do', () => {
  assert.match(reasons([header('x-tenant', 'a'), header('X_Forwarded_For', '10.0.0.1')])[1]?.[0] ?? '', /removes this header/);
  assert.deepEqual(reasons([header('x-tenant', 'a'), header('X_Mine', '10.0.0.1')]), {});
});

test('the advice for an expression depends on whether a slash at its begin would help', () => {
  const adviceFor = (value: string): string => reasons([expression(value)])[0]?.[0] ?? '';
  for (const value of ['api/.*', '^api', 'users$^', '/users$^'])
    assert.match(adviceFor(value), /nothing that begins with \//, value);
  for (const value of ['/a\\?b=c', '/über', '/a b']) assert.match(adviceFor(value), /printable ASCII and has no query/, value);
});

const normalized = (pathNormalization: PathNormalizationSpec): Partial<PolicySpec> => ({
  listener: { port: 8080, pathNormalization },
});

test('the advice for a path that the listener rewrites says what to write instead', () => {
  const adviceFor = (value: string, how: PathNormalizationSpec = {}): string | undefined =>
    reasons([{ path: { type: 'Exact', value } }], normalized(how))[0]?.[0];
  const rewrites = (from: string, to: string): string =>
    `matches[0].path.value: the proxy rewrites ${from} before it matches requests, as listener.pathNormalization says: write ${to}`;
  for (const [from, to] of [
    ['/%61dmin', '/admin'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['//admin', '/admin'],
    ['/a//%7eme%2f', '/a/~me%2F'],
  ] as const) {
    assert.equal(adviceFor(from), rewrites(from, to));
    assert.equal(adviceFor(to), undefined);
    assert.equal(adviceFor(from, { decodeUnreserved: false, mergeSlashes: false }), undefined);
  }
  assert.equal(adviceFor('/a%2Fb', { encodedSlash: 'Decode' }), rewrites('/a%2Fb', '/a/b'));
  assert.match(adviceFor('/a%2fb', { encodedSlash: 'Reject' }) ?? '', /refuses paths with %2F, .* is Reject: leave it out/);
  assert.match(adviceFor('/100%') ?? '', /a % that begins no escape: write %25 for a percent sign$/);
  for (const path of ['/a/..', '/a/%2e%2E/b', '/%5c'])
    assert.match(adviceFor(path) ?? '', /with a dot segment, backslash, NUL/, path);
  assert.match(adviceFor(`/%61${'b'.repeat(300)}`) ?? '', /: write \/ab{198}…$/);
});

test('the advice for an expression names a path that the listener would leave', () => {
  const adviceFor = (value: string, how: PathNormalizationSpec = {}): string =>
    reasons([expression(value)], normalized(how))[0]?.[0] ?? '';
  assert.match(adviceFor('/%61dmin/.*'), /rewrites \/%61dmin\/ before .*: match paths such as \/admin\/$/);
  assert.match(adviceFor('/a//+b'), /rewrites \/a\/\/b before .*: match paths such as \/a\/b$/);
  assert.match(adviceFor('/[^/]+%2Fb', { encodedSlash: 'Reject' }), /is Reject: leave it out/);
  assert.match(adviceFor('/a%zz.*'), /a % that begins no escape/);
  assert.equal(adviceFor('(?:/%61dmin|/admin)/.*'), '');
});

test('a slash at the end of a prefix does not count', () => {
  const prefix = (value: string) => reasons([{ path: { type: 'PathPrefix', value } }]);
  assert.deepEqual([prefix('/a/'), prefix('/a//')], [{}, {}]);
  assert.match(prefix('/a///')[0]?.[0] ?? '', /: write \/a\/$/);
});

test('a header that is named again in another case does not count, and moves no field path', () => {
  const headers = [
    { name: 'A', value: 'x' },
    { name: 'a', value: ' never ' },
    { name: 'Via', value: 'x' },
  ];
  assert.match(reasons([{ headers }])[0]?.[0] ?? '', /^matches\[0\]\.headers\[2\] \(via\)/);
  assert.equal(reasons([{ headers }])[0]?.length, 1);
});

test('what the proxy sets depends on the listener, and so does the advice', () => {
  const https = [header('X-Forwarded-Proto', 'https')];
  const [plain] = reasons(https)[0] ?? [];
  assert.match(
    plain ?? '',
    /the proxy sets this header to http: compare with that, or trust the proxy in front with listener\.clientAddress, in all policies of the port$/,
  );
  assert.deepEqual(reasons(https, { listener: { port: 8080, clientAddress: { trustedHops: 1 } } }), {});
  assert.match(reasons(https, { proxies: { type: 'Sidecar' } })[0]?.[0] ?? '', /compare with that$/);
  assert.match(reasons([header('x-forwarded-port', '443')])[0]?.[0] ?? '', /to its own port, 8080/);
  assert.deepEqual(reasons([header('x-forwarded-port', '8080')]), {});
});

test('only GET requests are upgraded', () => {
  const upgrade = (method: 'GET' | 'POST') => [{ method, ...header('Upgrade', 'websocket') }];
  assert.deepEqual(reasons(upgrade('GET')), {});
  assert.match(reasons(upgrade('POST'))[0]?.[0] ?? '', /only GET requests that ask for a protocol/);
});

test('what comes after a policy’s budget is used up is not decided, so nothing is said of it', () => {
  const costly = (i: number): MatchSpec => expression(`/${i}(?:.?.?.?.?.?){40}`);
  const dead = expression('api/.*');
  const few = reasons([dead, costly(0), dead]);
  assert.deepEqual(Object.keys(few), ['0', '2']);
  const many = Array.from({ length: 14 }, (_, i): MatchSpec => {
    const value = `${i}(?:.?.?.?.?.?){40}`;
    const headers = Array.from({ length: 16 }, (_, h) => ({
      name: `x-${h}`,
      value: `${h}${value}`,
      type: 'RegularExpression' as const,
    }));
    return { headers };
  });
  assert.deepEqual(Object.keys(reasons([dead, ...many, expression('other/.*')])), ['0']);
});
