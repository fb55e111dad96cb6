import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardedHeaders, plainAddress } from './forwarded-headers.ts';
import type { Hop } from './forwarded-headers.ts';
import { ListFields } from '../message/fields.ts';
import { recordOf } from '../message/test-fields.ts';

const HOP: Hop = {
  forwardedFor: '1.2.3.4',
  proto: 'http',
  port: 80,
  host: 'a.test:8080',
  via: undefined,
  protocolVersion: '1.1',
  viaName: 'me',
  requestId: 'id',
};
const added = (more: Partial<Hop> = {}) => recordOf(new ListFields(forwardedHeaders({ ...HOP, ...more })));

test('the fields of a hop', () => {
  assert.deepEqual(added(), {
    via: '1.1 me',
    'x-forwarded-for': '1.2.3.4',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '80',
    'x-forwarded-host': 'a.test:8080',
    'x-request-id': 'id',
  });
});

test('the version in Via is that of the request; Via is appended to', () => {
  assert.equal(added({ protocolVersion: '2' })['via'], '2 me');
  assert.equal(added({ via: '1.0 before' })['via'], '1.0 before, 1.1 me');
});

test('without a host there is no X-Forwarded-Host', () => {
  assert.equal('x-forwarded-host' in added({ host: undefined }), false);
});

test('client addresses have one spelling', () => {
  assert.deepEqual([plainAddress('::ffff:1.2.3.4'), plainAddress('::1'), plainAddress(undefined)], ['1.2.3.4', '::1', 'unknown']);
});
