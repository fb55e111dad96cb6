import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitLines } from './line-splitter.ts';
import { MalformedError } from './object-check.ts';

async function* chunks(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function collect(source: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of source) all.push(line);
  return all;
}

test('lines are whole however the bytes are cut, even inside a character', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: 'grapheme', minLength: 1 }).map((s) => s.replace(/\s/g, '_')),
        { maxLength: 8 },
      ),
      fc.array(fc.nat(), { maxLength: 8 }),
      async (wanted, cuts) => {
        const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
        const within = cuts.map((cut) => cut % (bytes.length + 1));
        assert.deepEqual(await collect(splitLines(chunks(bytes, within), 1000)), wanted);
      },
    ),
    { numRuns: 200 },
  );
});

test('empty lines are left out, CRLF is a line end', async () => {
  assert.deepEqual(await collect(splitLines(chunks(Buffer.from('\n\na\r\n\nb\n'), [3]), 10)), ['a', 'b']);
});

test('half a line at the end is an error, never an event', async () => {
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const line of splitLines(chunks(Buffer.from('one\ntw'), []), 10)) seen.push(line);
  }, /inside a line/);
  assert.deepEqual(seen, ['one']);
});

test('a line longer than the limit is refused, with or without its end, and one of exactly the limit is not', async () => {
  await assert.rejects(collect(splitLines(chunks(Buffer.from(`${'x'.repeat(11)}\n`), []), 10)), MalformedError);
  await assert.rejects(collect(splitLines(chunks(Buffer.from('x'.repeat(11)), [4, 8]), 10)), MalformedError);
  assert.deepEqual(await collect(splitLines(chunks(Buffer.from(`${'x'.repeat(10)}\n`), [4, 8]), 10)), ['x'.repeat(10)]);
});
