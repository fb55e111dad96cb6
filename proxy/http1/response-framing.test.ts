import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codingOf, formatResponseHead } from './response-framing.ts';
import type { ResponseHeadParts } from './response-framing.ts';
import { ListFields } from '../message/fields.ts';

test('how a response is framed', () => {
  for (const [status, method, minor, hasLength, coding] of [
    [200, 'GET', 1, true, 'length'],
    [200, 'GET', 1, false, 'chunked'],
    [200, 'GET', 0, true, 'length'],
    [200, 'GET', 0, false, 'close'],
    [200, 'HEAD', 1, true, 'none'],
    [200, 'HEAD', 0, false, 'none'],
    [204, 'GET', 1, true, 'none'],
    [304, 'GET', 1, true, 'none'],
    [404, 'BREW', 1, false, 'chunked'],
  ] as const)
    assert.equal(codingOf(status, method, minor, hasLength), coding, `${status} ${method} 1.${minor}`);
});

const head = (parts: Partial<ResponseHeadParts>) =>
  formatResponseHead({
    status: 200,
    reasonPhrase: 'OK',
    fields: new ListFields([]),
    coding: 'length',
    trailer: undefined,
    lines: 'Connection: close\r\n',
    ...parts,
  });

test('a head: fields as they are, then those of the connection', () => {
  assert.equal(
    head({ fields: new ListFields(['X-A', '\xe4', 'x-a', '', 'Content-Length', '2']) }),
    'HTTP/1.1 200 OK\r\nX-A: \xe4\r\nx-a: \r\nContent-Length: 2\r\nConnection: close\r\n\r\n',
  );
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
  assert.equal(head({ coding: 'chunked' }), chunked);
  assert.equal(head({ coding: 'chunked', trailer: 'X' }), chunked.replace('OK\r\n', 'OK\r\nTrailer: X\r\n'));
  assert.equal(head({ trailer: 'X' })?.includes('Trailer'), false);
});

test('a 204 has no length; a 304 and a response to HEAD may have one', () => {
  const fields = new ListFields(['A', '1', 'content-length', '2', 'B', '3']);
  assert.match(head({ status: 204, coding: 'none', fields }) ?? '', /A: 1\r\nB: 3\r\nConnection/);
  assert.match(head({ status: 304, coding: 'none', fields }) ?? '', /content-length: 2/);
});

test('what HTTP/1 cannot carry is refused', () => {
  for (const fields of [
    ['A', 'b\r\nc'],
    ['A b', 'c'],
    ['', 'c'],
    ['A', '\u0100'],
    ['A', '\0'],
  ])
    assert.equal(head({ fields: new ListFields(fields) }), undefined);
  assert.equal(head({ coding: 'chunked', trailer: 'a\nb' }), undefined);
});
