import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadReader } from './head-reader.ts';

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
