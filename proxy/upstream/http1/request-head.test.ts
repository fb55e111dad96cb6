import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRequestHead } from './request-head.ts';
import { fieldsOf } from '../../message/test-fields.ts';
import type { FieldRecord } from '../../message/test-fields.ts';
import { RequestBody } from '../../message/request-body.ts';

const NOTHING = () => undefined;
const SOURCE = { start: NOTHING, pause: NOTHING, resume: NOTHING, sendContinue: NOTHING, refuseStalled: NOTHING };
const V4 = { key: 'k', address: '192.0.2.1', port: 81, quota: undefined };
const HEAD = {
  method: 'GET',
  scheme: 'http',
  port: 80,
  authority: 'a',
  host: 'a',
  path: '/',
  target: '/?q',
  receivedTarget: '/',
} as const;

const head = (fields: FieldRecord = {}, more = {}) => ({
  ...HEAD,
  protocol: undefined,
  acceptsTrailers: false,
  trailer: undefined,
  fields: fieldsOf(fields),
  ...more,
});
const body = (length: number | undefined, awaitsContinue = false) => new RequestBody(SOURCE, length, awaitsContinue);

test('host first, then the fields, then the framing of the body', () => {
  assert.equal(
    formatRequestHead(head({ x: ['1', '\xe4'], 'content-length': '7' }), body(7), V4),
    'GET /?q HTTP/1.1\r\nhost: a\r\nx: 1\r\nx: \xe4\r\ncontent-length: 7\r\n\r\n',
  );
});

test('framing is that of the body, not what a field says', () => {
  for (const [method, length, line] of [
    ['GET', 'none', ''],
    ['DELETE', 'none', ''],
    ['BREW', 'none', ''],
    ['POST', 'none', 'content-length: 0\r\n'],
    ['PATCH', 'none', 'content-length: 0\r\n'],
    ['GET', 0, 'content-length: 0\r\n'],
    ['DELETE', undefined, 'transfer-encoding: chunked\r\n'],
  ] as const) {
    const sent = length === 'none' ? undefined : body(length);
    const got = formatRequestHead(head({ 'content-length': '5' }, { method }), sent, V4);
    assert.equal(got, `${method} /?q HTTP/1.1\r\nhost: a\r\n${line}\r\n`);
  }
});

test('a request for another protocol, and one whose client waits for 100 (Continue)', () => {
  const text = formatRequestHead(head({}, { protocol: 'websocket' }), undefined, V4);
  assert.match(text ?? '', /\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n$/);
  assert.match(formatRequestHead(head(), body(5, true), V4) ?? '', /\r\nexpect: 100-continue\r\n/);
});

test('trailers that the client accepts, and those that it announces for a body in chunks', () => {
  assert.match(
    formatRequestHead(head({}, { acceptsTrailers: true }), undefined, V4) ?? '',
    /\r\nte: trailers\r\nconnection: TE\r\n/,
  );
  const both = head({}, { acceptsTrailers: true, protocol: 'websocket' });
  assert.match(formatRequestHead(both, undefined, V4) ?? '', /\r\nconnection: TE, Upgrade\r\n/);
  const announced = head({}, { trailer: 'X-Sum' });
  assert.match(formatRequestHead(announced, body(undefined), V4) ?? '', /\r\ntrailer: X-Sum\r\n/);
  for (const other of [body(5), undefined]) assert.doesNotMatch(formatRequestHead(announced, other, V4) ?? '', /trailer/);
});

test('without an authority, Host is the backend’s address', () => {
  const hostless = head({}, { authority: undefined });
  assert.match(formatRequestHead(hostless, undefined, V4) ?? '', /\r\nhost: 192\.0\.2\.1:81\r\n/);
  const v6 = { ...V4, address: '2001:db8::1' };
  assert.match(formatRequestHead(hostless, undefined, v6) ?? '', /\r\nhost: \[2001:db8::1\]:81\r\n/);
});

test('what HTTP/1 cannot carry is refused', () => {
  for (const wrong of [
    head({ x: 'a\r\ny: b' }),
    head({ 'x\r\n': 'a' }),
    head({}, { method: 'GET /' }),
    head({}, { target: '/ HTTP/1.1\r\nx: y' }),
    head({}, { target: '' }),
    head({}, { authority: 'a\r\nx: y' }),
    head({}, { protocol: 'a\nb' }),
  ]) {
    assert.equal(formatRequestHead(wrong, undefined, V4), undefined, JSON.stringify(wrong));
  }
});
