import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuantity } from './quantity.ts';

test('bytes, Ki and Mi', () => {
  for (const [text, bytes] of Object.entries({ '0': 0, '65536': 65_536, '64Ki': 65_536, '16Mi': 16_777_216 }))
    assert.equal(parseQuantity(text), bytes, text);
});

test('text that is not a size throws and is quoted', () => {
  for (const text of ['', '64K', '1Gi', '-1', '1.5Ki', '64 Ki', '12345678'])
    assert.throws(() => parseQuantity(text), {
      name: 'RangeError',
      message: `"${text}" is not a size such as 65536, 64Ki or 1Mi`,
    });
});
