import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';
import { test } from 'node:test';
import { REASON_HEADER, renderLocalReply } from './local-reply.ts';
import type { RenderedReply } from './local-reply.ts';
import { fieldPairs } from '../message/fields.ts';
import { badRequest, LOCAL_REPLIES, redirectTo, tooManyFields, tooManyPipelined } from '../message/local-replies.ts';
import type { LocalReply } from '../message/local-replies.ts';

const fieldsOf = ({ fields }: RenderedReply): Record<string, string> => Object.fromEntries(fieldPairs(fields));

const FAILURES: readonly (readonly [name: string, reply: LocalReply])[] = [
  ...Object.entries(LOCAL_REPLIES),
  ['badRequest', badRequest('Host is missing')],
  ['tooManyFields', tooManyFields(200)],
  ['tooManyPipelined', tooManyPipelined(64)],
];

for (const [name, reply] of FAILURES) {
  test(`${name}: ${reply.status} ${reply.reason}, one line of text`, () => {
    assert.ok(reply.status >= 400 && reply.status in STATUS_CODES);
    const rendered = renderLocalReply(reply);
    const { 'content-type': type, 'content-length': length, [REASON_HEADER]: reason } = fieldsOf(rendered);
    assert.deepEqual([type, reason], ['text/plain; charset=utf-8', reply.reason]);
    assert.equal(rendered.body.toString(), `${reply.text}\n`);
    assert.match(reply.text, /^[ -~]+$/);
    assert.equal(Number(length), rendered.body.length);
  });
}

test('405 names the methods that are served, also where a policy answers it', () => {
  const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
  assert.equal(fieldsOf(renderLocalReply(LOCAL_REPLIES.connectMethod))['allow'], methods);
  assert.equal(fieldsOf(renderLocalReply({ ...LOCAL_REPLIES.noEndpoint, status: 405 }))['allow'], methods);
  assert.equal('allow' in fieldsOf(renderLocalReply(LOCAL_REPLIES.noEndpoint)), false);
});

test('fields of an entry are sent before the others', () => {
  const entry = { ...LOCAL_REPLIES.noRoute, fields: ['a', '1', 'a', '2'] };
  assert.deepEqual(renderLocalReply(entry).fields.slice(0, 4), ['a', '1', 'a', '2']);
});

test('with a content type, the text is the whole body; its length is in bytes', () => {
  const rendered = renderLocalReply({ status: 503, reason: 'no-endpoint', text: 'ü', contentType: 'text/html' });
  assert.deepEqual(rendered.fields, ['content-type', 'text/html', 'content-length', '2', REASON_HEADER, 'no-endpoint']);
  assert.equal(rendered.body.toString(), 'ü');
});

test('a redirect has a location, no body and no reason', () => {
  const rendered = renderLocalReply(redirectTo('https://a.test/', 301));
  assert.deepEqual(rendered.fields, ['location', 'https://a.test/', 'content-length', '0']);
  assert.equal(rendered.body.length, 0);
});

test('rendering does not change the entry', () => {
  const fields = ['a', '1'];
  renderLocalReply({ ...LOCAL_REPLIES.noRoute, fields }).fields.push('connection', 'close');
  assert.deepEqual(fields, ['a', '1']);
});
