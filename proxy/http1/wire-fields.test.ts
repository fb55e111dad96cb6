import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeadReader } from './head-reader.ts';
import { RequestLine } from './request-line.ts';
import type { WireFields } from './wire-fields.ts';

/** Fields of a head that arrives in pieces of these sizes, the last one again and again. What was read is overwritten but for the last piece. */
function read(fieldLines: string, after: string, sizes: readonly number[]): WireFields {
  const reader = new HeadReader(new RequestLine(), { bytes: 65536, fields: 100 });
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${fieldLines}\r\n${after}`, 'latin1');
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const piece = Buffer.from(bytes.subarray(at, at + (sizes[Math.min(i, sizes.length - 1)] as number)));
    at += piece.length;
    if (reader.read(piece, 0) >= 0) return reader.fields;
    piece.fill('!');
  }
  throw new Error('no whole head');
}

const WHITE = fc.constantFrom('', ' ', '\t ');
const FIELD = fc.record({
  name: fc.constantFrom('A', 'X-Long', 'Cookie', 'cookie', 'Cookit'),
  before: WHITE,
  value: fc.constantFrom('', 'v', 'a b', '\xe4\xff'),
  after: WHITE,
});
const SIZES = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 6 });
const AFTER = fc.constantFrom('', 'more', 'x'.repeat(5000));

test('lines are those that arrived, but for those left out, however the head arrived', () => {
  fc.assert(
    fc.property(fc.array(FIELD, { maxLength: 8 }), fc.infiniteStream(fc.boolean()), AFTER, SIZES, (given, keep, after, sizes) => {
      const lineOf = ({ name, before, value, after: end }: (typeof given)[number]) => `${name}:${before}${value}${end}\r\n`;
      const all = read(given.map(lineOf).join(''), after, sizes);
      const kept = given.map(() => keep.next().value === true);
      for (const [fields, left] of [
        [all, given],
        [all.filter((field) => kept[field] === true), given.filter((_, i) => kept[i] === true)],
      ] as const) {
        assert.deepEqual(
          fields.list(),
          left.flatMap(({ name, value }) => [name, value]),
        );
        assert.equal(fields.lines(''), left.map(lineOf).join(''));
        const others = left.filter(({ name }) => name.toLowerCase() !== 'cookie');
        assert.equal(fields.lines('cookie'), others.map(lineOf).join(''));
      }
    }),
    { numRuns: 500 },
  );
});
