import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldPairs, ListFields, RecordFields } from './fields.ts';
import type { Fields } from './fields.ts';
import { headerOf } from './request-head.ts';
import { allowedTrailers } from './trailers.ts';

const FORMS: readonly (readonly [string, Fields])[] = [
  ['a record', new RecordFields({ accept: ['x', 'y'], empty: '', cookie: 'a=1' })],
  ['a list', new ListFields(['Accept', 'x', 'accept', 'y', 'Empty', '', 'Cookie', 'a=1'])],
];

for (const [form, fields] of FORMS) {
  test(`${form}: the first value by name, and all of them as a list`, () => {
    assert.deepEqual(
      ['accept', 'empty', 'cookie', 'absent'].map((name) => fields.get(name)),
      ['x', '', 'a=1', undefined],
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

test('host is the authority, in every protocol', () => {
  const head = { authority: 'a.test:80', fields: new RecordFields({ x: '1' }) };
  assert.deepEqual([headerOf(head, 'host'), headerOf(head, 'x')], ['a.test:80', '1']);
});

test('trailers that belong in a head are dropped', () => {
  const raw = ['X-Sum', '1', 'Set-Cookie', 'a=b', 'HOST', 'b', 'Content-Length', '3', 'Expires', 'now'];
  assert.deepEqual(allowedTrailers(raw), ['X-Sum', '1', 'Expires', 'now']);
});
