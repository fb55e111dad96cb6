import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hash64, murmur128, randomHash, rehash } from './hash.ts';
import { seeded } from './testing.ts';

/** Verified as the reference implementation (SMHasher): the hash of the hashes of {}, {0}, {0,1}, … with seeds 256, 255, … */
test('MurmurHash3 x86_128 gives the published verification value', () => {
  const result = new Int32Array(4);
  const all = new Int32Array(256 * 4 + 4);
  for (let n = 0; n < 256; n++) {
    const bytes = new Uint8Array(272);
    for (let i = 0; i < n; i++) bytes[i] = i;
    murmur128(new Int32Array(bytes.buffer), n, 256 - n, result);
    all.set(result, n * 4);
  }
  murmur128(new Int32Array(all.buffer), 256 * 16, 0, result);
  assert.equal(((result[0] ?? 0) >>> 0).toString(16), 'b3ece62a');
});

describe('hash64', () => {
  const bytewise = (text: string) => {
    const utf8 = Buffer.from(text, 'utf8');
    const padded = new Uint8Array(utf8.length + 16 - (utf8.length % 16));
    padded.set(utf8);
    const result = new Int32Array(4);
    murmur128(new Int32Array(padded.buffer), utf8.length, 0, result);
    return { high: result[0], low: result[1] };
  };

  test('is the hash of the UTF-8 form, whatever was hashed before', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => assert.deepEqual(hash64(text), bytewise(text))),
    );
  });

  test('accepts keys of any length', () => {
    for (const length of [0, 1, 15, 16, 17, 1359, 1360, 1361, 5000, 70_000]) {
      assert.deepEqual(hash64('x'.repeat(length)), bytewise('x'.repeat(length)), String(length));
      assert.deepEqual(hash64('ä'.repeat(length)), bytewise('ä'.repeat(length)), String(length));
    }
  });

  test('halves and rehashes are uniform and independent', () => {
    const buckets = [0, 1, 2, 3].map(() => new Uint32Array(64));
    const pairs = new Uint32Array(64);
    const n = 64_000;
    for (let k = 0; k < n; k++) {
      const h = hash64(`key-${k}`);
      [h.high >>> 0, h.low >>> 0, rehash(h, 1), rehash(h, 2)].forEach((value, i) => (buckets[i] as Uint32Array)[value % 64]!++);
      pairs[((h.low >>> 0) % 8) * 8 + (rehash(h, 1) % 8)]!++;
    }
    // χ² with 63 degrees of freedom is above 125 once in 200,000 times.
    for (const counts of [...buckets, pairs]) {
      const chi = counts.reduce((sum, c) => sum + (c - n / 64) ** 2 / (n / 64), 0);
      assert.ok(chi < 125, `χ² ${chi}`);
    }
  });
});

test('a random hash uses both words in full', () => {
  assert.deepEqual(
    randomHash(() => 1 - 2 ** -53),
    { high: -1, low: -1 },
  );
  const random = seeded(1);
  assert.notDeepEqual(randomHash(random), randomHash(random));
});
