import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MalformedResponse, ResponseReader } from './http-response.ts';

const FIXED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 404 Not Found\r\ntransfer-encoding: gzip, chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nt: 1\r\n\r\n';
const EMPTY = 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n';
const INTERIM = `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${FIXED}`;

/** Feeds text in pieces that end at these offsets; the response must be complete with the last piece and not before. */
function read(text: string, cuts: readonly number[] = []) {
  const reader = new ResponseReader();
  const bytes = Buffer.from(text, 'latin1');
  const offsets = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  const responses = offsets.slice(1).map((end, i) => reader.feed(bytes.subarray(offsets[i], end)));
  assert.deepEqual(responses.slice(0, -1).filter(Boolean), []);
  return responses.at(-1);
}

test('reads bodies with a length, chunked bodies and responses without a body, and skips interim responses', () => {
  assert.deepEqual(read(FIXED), { status: 200, keepAlive: true });
  assert.deepEqual(read(CHUNKED), { status: 404, keepAlive: true });
  assert.deepEqual(read(EMPTY), { status: 204, keepAlive: false });
  assert.deepEqual(read(INTERIM), { status: 200, keepAlive: true });
  assert.deepEqual(read('HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'), { status: 200, keepAlive: true });
});

test('the result does not depend on how the bytes are split', () => {
  fc.assert(
    fc.property(fc.constantFrom(FIXED, CHUNKED, EMPTY, INTERIM), fc.array(fc.nat(200), { maxLength: 20 }), (text, cuts) => {
      assert.deepEqual(read(text, cuts), read(text));
    }),
  );
});

test('reads one response after another', () => {
  const reader = new ResponseReader();
  for (const text of [FIXED, CHUNKED, FIXED]) assert.ok(reader.feed(Buffer.from(text)));
});

test('reports whether the head was complete when the connection ended, and completes a body that ends with the connection', () => {
  const cut = new ResponseReader();
  cut.feed(Buffer.from('HTTP/1.1 200 OK\r\nConte'));
  assert.equal(cut.status, undefined);
  assert.equal(cut.end(), undefined);
  cut.feed(Buffer.from('nt-Length: 5\r\n\r\nhel'));
  assert.equal(cut.status, 200);
  assert.equal(cut.end(), undefined);

  const open = new ResponseReader();
  assert.equal(open.feed(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhel')), undefined);
  assert.deepEqual(open.end(), { status: 200, keepAlive: false });
});

test('refuses bytes that are not a response', () => {
  const bad = [
    'SSH-2.0\r\n\r\n',
    'HTTP/1.1 099 No\r\n\r\n',
    `${FIXED}more`,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
  ];
  for (const text of [...bad, 'x'.repeat(100_000)]) {
    assert.throws(() => new ResponseReader().feed(Buffer.from(text)), MalformedResponse);
  }
});
