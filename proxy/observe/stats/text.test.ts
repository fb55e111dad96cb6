import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { missing, printable, readFilter } from './text.ts';

test('invisible and bidirectional control characters become visible; long text is cut', () => {
  assert.equal(printable('a\u202eb\u0000c\u200bd\ud800e\ne'), 'a\ufffdb\ufffdc\ufffdd\ufffde\ufffde');
  assert.equal(printable('x'.repeat(200)), `${'x'.repeat(160)}…`);
  assert.equal(printable('Pod-1.näme:80 → 🛶'), 'Pod-1.näme:80 → 🛶');
});

test('printable text is short, well formed and without control characters, for any input', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const seen = printable(text);
      assert.ok(seen.length <= 161 && seen.isWellFormed());
      assert.doesNotMatch(seen, /[\p{Cc}\p{Cf}]/u);
    }),
  );
});

test('a filter requires every word, ignores case, and is literal', () => {
  const { words } = readFilter('  Shop zone-A ');
  assert.equal(missing(words, ['default/shop', 'zone-a']).length, 0);
  assert.equal(missing(words, ['default/shop', 'zone-b']).length, 1);
  assert.equal(missing(readFilter('').words, []).length, 0);
  assert.equal(missing(readFilter('a.c').words, ['abc']).length, 1);
});

test('no filter fails or takes long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (query) => {
      const { text, words } = readFilter(query);
      assert.ok(text.length <= 101 && words.length <= 8);
      for (const word of text.split(/\s+/).filter(Boolean).slice(0, 8))
        assert.equal(missing(words.slice(0, 8), [text]).length, 0, word);
    }),
  );
});
