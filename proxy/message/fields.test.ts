import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExtendedFields, fieldPairs, ListFields } from './fields.ts';
import type { Fields } from './fields.ts';
import { headerOf } from './request-head.ts';
import { allowedTrailers } from './trailers.ts';

const FORMS: readonly (readonly [string, Fields])[] = [
  ['a list', new ListFields(['Accept', 'x', 'accept', 'y', 'Empty', '', 'Cookie', 'a=1'])],
  ['an extended list', new ExtendedFields(new ListFields(['Accept', 'x', 'accept', 'y']), ['empty', '', 'cookie', 'a=1'])],
];

for (const [form, fields] of FORMS) {
  test(`${form}: values by name, and all of them as a list`, () => {
    assert.deepEqual(
      ['accept', 'empty', 'cookie', 'absent'].map((name) => fields.get(name)),
      ['x', '', 'a=1', undefined],
    );
    assert.deepEqual(
      ['accept', 'cookie', 'absent'].map((name) => fields.all(name)),
      [['x', 'y'], ['a=1'], []],
    );
    const pairs = fieldPairs(fields.list()).map(([name, value]) => [name.toLowerCase(), value]);
    assert.deepEqual(pairs, [
      ['accept', 'x'],
      ['accept', 'y'],
      ['empty', ''],
      ['cookie', 'a=1'],
    ]);
  });
}

test('a value that is also the name of an added field does not hide that field', () => {
  const fields = new ExtendedFields(new ListFields([]), ['x-forwarded-host', 'x-request-id', 'x-request-id', '1']);
  assert.equal(fields.get('x-request-id'), '1');
});

test('host, upgrade and connection are found, whatever protocol carries them', () => {
  const head = {
    authority: 'a.test:80',
    protocol: 'websocket',
    fields: new ListFields(['x', '1', 'Cookie', 'a=1', 'cookie', 'b=2']),
  };
  const found = ['host', 'x', 'upgrade', 'connection', 'cookie'].map((name) => headerOf(head, name));
  assert.deepEqual(found, ['a.test:80', '1', 'websocket', 'Upgrade', 'a=1; b=2']);
  const plain = { ...head, protocol: undefined };
  assert.deepEqual([headerOf(plain, 'upgrade'), headerOf(plain, 'connection')], [undefined, undefined]);
});

test('trailers that belong in a head are dropped', () => {
  const raw = ['X-Sum', '1', 'Set-Cookie', 'a=b', 'HOST', 'b', 'Content-Length', '3', 'Expires', 'now'];
  assert.deepEqual(allowedTrailers(raw), ['X-Sum', '1', 'Expires', 'now']);
});
