import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addForwardedHeaders, plainAddress } from './forwarded-headers.ts';
import type { Hop } from './forwarded-headers.ts';
import type { FieldRecord } from '../message/fields.ts';

const HOP: Hop = {
  peer: '1.2.3.4',
  port: 80,
  scheme: 'http',
  protocolVersion: '1.1',
  viaName: 'me',
  authority: 'a.test:8080',
  requestId: 'id',
};

function added(more: Partial<Hop>, fields: FieldRecord = {}): FieldRecord {
  addForwardedHeaders(fields, { ...HOP, ...more });
  return fields;
}

test('fields that the peer sent are overwritten', () => {
  const sent = { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'b', 'x-forwarded-port': '1' };
  assert.deepEqual(added({}, sent), {
    via: '1.1 me',
    'x-forwarded-for': '1.2.3.4',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '80',
    'x-forwarded-host': 'a.test:8080',
    'x-request-id': 'id',
  });
});

test('the scheme is that of the client’s connection, the version in Via that of the request', () => {
  const fields = added({ scheme: 'https', protocolVersion: '2' });
  assert.deepEqual([fields['x-forwarded-proto'], fields['via']], ['https', '2 me']);
});

test('Via is appended to', () => {
  assert.equal(added({}, { via: '1.0 before' })['via'], '1.0 before, 1.1 me');
});

test('without an authority there is no X-Forwarded-Host', () => {
  assert.equal('x-forwarded-host' in added({ authority: undefined }), false);
});

test('client addresses have one spelling', () => {
  assert.deepEqual([plainAddress('::ffff:1.2.3.4'), plainAddress('::1'), plainAddress(undefined)], ['1.2.3.4', '::1', 'unknown']);
});
