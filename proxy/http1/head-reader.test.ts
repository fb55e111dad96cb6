import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadReader, MORE } from './head-reader.ts';

test('a head does not keep a large body alive that arrived with it', () => {
  const head = 'A: 1\r\nB: two\r\n\r\n';
  for (const [body, kept] of [
    [10, true],
    [60_000, false],
  ] as const) {
    const chunk = Buffer.from(head + 'x'.repeat(body));
    const reader = new HeadReader(undefined, { bytes: 65_536, fields: 200 });
    assert.equal(reader.read(chunk, 0), head.length);
    const { fields } = reader;
    chunk.fill('y');
    assert.equal(fields.get('a') === undefined, kept);
    if (!kept) assert.deepEqual(fields.list(), ['A', '1', 'B', 'two']);
  }
});

test('a part of a head takes no more memory than a head may have', () => {
  const limits = { bytes: 65_536, fields: 200 };
  const part = Buffer.from(`A: ${'x'.repeat(62_000)}`);
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 100 }, () => new HeadReader(undefined, limits));
  for (const reader of readers) assert.equal(reader.read(part, 0), MORE);
  const each = (process.memoryUsage().arrayBuffers - before) / readers.length;
  assert.ok(each <= limits.bytes + 1, `${each} bytes for each`);
  for (const reader of readers) assert.ok(reader.read(Buffer.from('\r\n\r\n'), 0) > 0);
});
