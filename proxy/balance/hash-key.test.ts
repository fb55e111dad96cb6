import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HashOn } from '../snapshot/load-balancer.ts';
import { formatCookie, hashKeyOf, makeCookieValue } from './hash-key.ts';
import { fieldsOf } from '../message/test-fields.ts';
import { seeded } from './testing.ts';

function key(on: HashOn, target: string, headers: Readonly<Record<string, string>> = {}): string | undefined {
  const path = target.replace(/\?.*/, '');
  return hashKeyOf(on, { path, target, authority: 'a.test', protocol: undefined, fields: fieldsOf(headers) }, '192.0.2.7');
}

const COOKIE = { type: 'Cookie', name: 'id', ttl: 0 } as const;

describe('hashKeyOf', () => {
  const cases: [HashOn, string, Record<string, string>, string | undefined][] = [
    [{ type: 'SourceIP' }, '/', {}, '192.0.2.7'],
    [{ type: 'Path' }, '/a/b?c=d', {}, '/a/b'],
    [{ type: 'Header', name: 'x-user' }, '/', { 'x-user': 'ann' }, 'ann'],
    [{ type: 'Header', name: 'x-user' }, '/', {}, undefined],
    [{ type: 'Header', name: 'x-user' }, '/', { 'x-user': '' }, undefined],
    [{ type: 'QueryParam', name: 'q' }, '/p?a=1&q=x%20y&q=z', {}, 'x y'],
    [{ type: 'QueryParam', name: 'q' }, '/p?qq=1', {}, undefined],
    [{ type: 'QueryParam', name: 'q' }, '/p', {}, undefined],
    [{ type: 'QueryParam', name: 'q' }, '/p?q=', {}, undefined],
    [COOKIE, '/', { cookie: 'a=1; id=xyz; id=other' }, 'xyz'],
    [COOKIE, '/', { cookie: 'id="q u"' }, 'q u'],
    [COOKIE, '/', { cookie: 'id=a=b' }, 'a=b'],
    [COOKIE, '/', { cookie: 'myid=1; b=id' }, undefined],
    [COOKIE, '/', { cookie: 'id; id=' }, undefined],
    [COOKIE, '/', {}, undefined],
  ];
  for (const [on, target, headers, expected] of cases) {
    test(`${JSON.stringify(on)} of ${target} ${JSON.stringify(headers)}`, () => assert.equal(key(on, target, headers), expected));
  }
});

test('a generated cookie is read back unchanged', () => {
  const random = seeded(1);
  const value = makeCookieValue(random);
  assert.match(value, /^[0-9a-f]{32}$/);
  assert.notEqual(makeCookieValue(random), value);
  const line = formatCookie({ ...COOKIE, sameSite: 'Lax' }, value, false);
  assert.equal(line, `id=${value}; Path=/; HttpOnly; SameSite=Lax`);
  assert.equal(key(COOKIE, '/', { cookie: line.split(';')[0] as string }), value);
  assert.match(formatCookie({ ...COOKIE, sameSite: 'Strict', ttl: 3_600_000 }, value, false), /; SameSite=Strict; Max-Age=3600$/);
  // Without Secure the browser would drop it.
  assert.match(formatCookie({ ...COOKIE, sameSite: 'None' }, value, false), /; SameSite=None; Secure$/);
  assert.match(formatCookie({ ...COOKIE, sameSite: 'Lax' }, value, true), /; SameSite=Lax; Secure$/);
});
