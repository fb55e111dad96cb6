import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadReader, MORE } from './head-reader.ts';
import { readResponseFields } from './response-head.ts';
import { StatusLine } from './status-line.ts';
import { readWireResponse } from './wire-response.ts';
import type { WireResponse } from './wire-response.ts';

function head(fields: string, start = 'HTTP/1.1 200 OK', bodiless = false): WireResponse {
  const line = new StatusLine();
  const reader = new HeadReader(line, { bytes: 65536, fields: 200 });
  assert.notEqual(reader.read(Buffer.from(`${start}\r\n${fields}\r\n`, 'latin1'), 0), MORE);
  const read = readWireResponse(line, reader.fields, bodiless);
  if (typeof read === 'string') assert.fail(read);
  return read;
}

test('fields are looked up by name in any case, the first of several', () => {
  const { fields } = head('Set-Cookie: a\r\nSET-COOKIE: b\r\nX: \xe4\r\n');
  assert.deepEqual([fields.get('set-cookie'), fields.get('x'), fields.get('y'), fields.count], ['a', '\xe4', undefined, 3]);
});

test('hop-by-hop fields, and those that Connection names, are left out; the length stays', () => {
  const text =
    'Connection: x-hop, Content-Length\r\nX-Hop: 1\r\nUPGRADE: h2c\r\nKeep-Alive: timeout=9\r\nProxy-Connection: close\r\n' +
    'Trailer: A\r\nTrailer: B\r\nContent-Length: 2\r\nDate: now\r\n';
  const { fields, received, keepAlive, trailer, framing, hasLength } = head(text);
  assert.deepEqual(fields.list(), ['Content-Length', '2', 'Date', 'now']);
  assert.equal(received.count, 9);
  assert.deepEqual([keepAlive, trailer, framing, hasLength], [9000, 'A, B', 2, true]);
});

test('how the body ends, and whether the connection persists', () => {
  for (const [start, fields, framing, persists] of [
    ['HTTP/1.1 200 OK', 'Content-Length: 2\r\n', 2, true],
    ['HTTP/1.1 200 OK', 'Transfer-Encoding: Chunked\r\n', 'chunked', true],
    ['HTTP/1.1 200 OK', '', 'until-close', false],
    ['HTTP/1.1 200 OK', 'Content-Length: 2\r\nConnection: x, Close\r\n', 2, false],
    ['HTTP/1.0 200 OK', 'Content-Length: 2\r\n', 2, false],
    ['HTTP/1.0 200 OK', 'Content-Length: 2\r\nConnection: Keep-Alive\r\n', 2, true],
    ['HTTP/1.0 200 OK', 'Content-Length: 2\r\nConnection: keep-alive\r\nConnection: close\r\n', 2, false],
    ['HTTP/1.1 204 No', '', 0, true],
    ['HTTP/1.1 204 No', 'Content-Length: 0\r\n', 0, false],
    ['HTTP/1.1 304 No', 'Content-Length: 5\r\n', 0, true],
  ] as const) {
    const read = head(fields, start);
    assert.deepEqual([read.framing, read.persists], [framing, persists], start + fields);
  }
  assert.equal(head('Content-Length: 5\r\n', undefined, true).framing, 0);
});

test('the rules are those for heads that node:http has parsed', () => {
  for (const fields of [
    'Content-Length: 2\r\nX: 1\r\n',
    'Connection: X\r\nX: 1\r\nKeep-Alive: timeout=5, max=3\r\nTrailer: Y\r\nTransfer-Encoding: chunked\r\n',
    'Connection: close\r\nUpgrade: x\r\n',
  ]) {
    const { received, fields: kept, keepAlive, trailer, hasLength } = head(fields);
    const {
      list,
      keepAlive: otherKeepAlive,
      trailer: otherTrailer,
      hasLength: other,
    } = readResponseFields(received.list(), 1, 200);
    assert.deepEqual([kept.list(), keepAlive, trailer, hasLength], [list, otherKeepAlive, otherTrailer, other]);
  }
});
