import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientHead, FAILURE_REPLIES, fallbackReply, redirectReply } from './client-response.ts';
import { ListFields } from '../message/fields.ts';
import type { HeaderEdit } from '../message/header-edit.ts';
import { LOCAL_REPLIES } from '../message/local-replies.ts';
import type { ResponseHead } from '../message/response-head.ts';

const EDIT: HeaderEdit = { dropped: new Set(['x-backend']), added: ['x-added', '1'] };
const FIELDS = ['X-Backend', 'a', 'Set-Cookie', 'own=1'];

function headWith(fields: readonly string[]): ResponseHead {
  return {
    status: 200,
    reasonPhrase: 'Fine',
    fields: new ListFields(fields),
    hasLength: true,
    trailer: 'x-sum',
    protocol: undefined,
  };
}

test('a head without changes and cookies is the backend’s, not a copy', () => {
  const head = headWith(FIELDS);
  assert.equal(clientHead(head, undefined, []), head);
});

test('a head with the changes of the route, and the proxy’s cookies after them', () => {
  const head = headWith(FIELDS);
  const edited = clientHead(head, EDIT, ['sid=1', 'key=2']);
  const cookies = ['set-cookie', 'sid=1', 'set-cookie', 'key=2'];
  assert.deepEqual(edited.fields.list(), ['Set-Cookie', 'own=1', 'x-added', '1', ...cookies]);
  assert.deepEqual({ ...edited, fields: head.fields }, head, 'everything else stays');
  assert.deepEqual(head.fields.list(), FIELDS, 'the backend’s head does not change');
  assert.deepEqual(clientHead(head, undefined, ['sid=1']).fields.list(), [...FIELDS, 'set-cookie', 'sid=1']);
});

test('each failure of the last try has its reply', () => {
  const replies = Object.entries(FAILURE_REPLIES).map(([kind, { status, reason }]) => [kind, status, reason]);
  assert.deepEqual(replies, [
    ['connect', 503, 'connect-failed'],
    ['reset', 503, 'reset'],
    ['timeout', 504, 'timeout'],
    ['protocol', 502, 'protocol'],
  ]);
});

test('a redirect, with the changes of the route', () => {
  const plain = { status: 302, reason: undefined, text: '', fields: ['location', '/new'] };
  assert.deepEqual(redirectReply(302, '/new', undefined), plain);
  assert.deepEqual(redirectReply(302, '/new', EDIT), { ...plain, fields: ['location', '/new', 'x-added', '1'] });
});

test('a fallback response: its status, type and body, and the reason of the failure', () => {
  const fallback = { type: 'Response', statusCode: 200, contentType: 'text/html', body: '<p>' } as const;
  const expected = { status: 200, reason: 'no-endpoint', contentType: 'text/html', text: '<p>' };
  assert.deepEqual(fallbackReply(fallback, LOCAL_REPLIES.noEndpoint, EDIT), expected);
});

test('a fallback redirect is one of the route', () => {
  const fallback = { type: 'Redirect', url: 'https://b.test/', statusCode: 307 } as const;
  assert.deepEqual(fallbackReply(fallback, LOCAL_REPLIES.noEndpoint, EDIT), redirectReply(307, 'https://b.test/', EDIT));
});

test('without a fallback, or with a backend as the fallback, there is no reply', () => {
  assert.equal(fallbackReply(undefined, LOCAL_REPLIES.noEndpoint, EDIT), undefined);
  assert.equal(fallbackReply({ type: 'Backend', pool: 'p' }, LOCAL_REPLIES.noEndpoint, EDIT), undefined);
});
