import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatChunk, formatLastChunk, formatList } from './format.ts';
import { readPieces } from './test-responses.ts';

test('fields: one line each, in their order', () => {
  assert.equal(formatList(['X-A', 'b', 'x-a', '\xe4 \t']), 'X-A: b\r\nx-a: \xe4 \t\r\n');
  assert.equal(formatList([]), '');
});

test('fields that HTTP/1 cannot carry are refused', () => {
  for (const [name, value] of [
    ['', 'a'],
    ['A B', 'a'],
    ['A:', 'a'],
    ['A\r\nB', 'a'],
    ['A', 'a\r\nB: c'],
    ['A', 'a\n'],
    ['A', '\0'],
    ['A', 'Ω'],
  ] as const) {
    assert.equal(formatList(['X', 'y', name, value]), undefined, `${name}: ${value}`);
    assert.equal(formatLastChunk([name, value]), '0\r\n\r\n');
  }
});

test('what is written in chunks is read again, in one write for each small chunk', () => {
  const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 });
  fc.assert(
    fc.property(payloads, fc.constantFrom<string[]>([], ['X-Sum', '1']), fc.boolean(), (parts, trailers, large) => {
      const chunks = parts.map((part) => Buffer.from(part));
      if (large) chunks.push(Buffer.alloc(20_000, 'x'));
      const written = chunks.map(formatChunk);
      assert.ok(written.every((pieces, i) => pieces.length === 1 || (chunks[i]?.length ?? 0) > 16_384));
      const bytes = Buffer.concat(written.flat()).toString('latin1');
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
      const read = readPieces([head, bytes, formatLastChunk(trailers)]);
      assert.deepEqual([read.ended, read.rest, read.trailers], ['whole', '', trailers]);
      assert.equal(read.body, Buffer.concat(chunks).toString('latin1'));
    }),
  );
});
