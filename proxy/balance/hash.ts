/**
 * The hash of keys and endpoints, the same on every proxy: MurmurHash3 x86_128 (Austin Appleby, public domain), of which the first
 * 64 bits are used. It needs 32-bit multiplication only, so it is faster here than a hash in WebAssembly, and needs no bigint. Not
 * cryptographic: a client that chooses its key chooses its endpoint.
 */

/** 64 bits as two signed 32-bit halves, each usable on its own: avoids the memory of a bigint. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

/** Longer keys allocate a buffer of their own; they are rare. */
const SCRATCH_BYTES = 4096;
const BLOCK = 16;
const scratch = new Uint8Array(SCRATCH_BYTES);
const scratchWords = new Int32Array(scratch.buffer);
const encoder = new TextEncoder();
const out = new Int32Array(4);

/** Hashes the UTF-8 form of `text`. */
export function hash64(text: string, seed = 0): Hash {
  const fits = text.length * 3 <= SCRATCH_BYTES - BLOCK;
  const words = fits ? scratchWords : new Int32Array((text.length >>> 2) * 3 + BLOCK);
  const bytes = fits ? scratch : new Uint8Array(words.buffer);
  murmur128(words, writeText(text, words, bytes), seed, out);
  return { high: out[0] as number, low: out[1] as number };
}

/**
 * Writes UTF-8 and zeroes to the end of its last block; returns the number of bytes. ASCII, nearly every key, is written in whole
 * words: reading words back from single byte writes would stall.
 */
function writeText(text: string, words: Int32Array, bytes: Uint8Array): number {
  const length = text.length;
  let seen = 0;
  let at = 0;
  let word = 0;
  for (; at + 4 <= length; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    seen |= a | b | c | d;
    words[word++] = a | (b << 8) | (c << 16) | (d << 24);
  }
  let rest = 0;
  for (let shift = 0; at < length; at++, shift += 8) {
    seen |= text.charCodeAt(at);
    rest |= text.charCodeAt(at) << shift;
  }
  words[word++] = rest;
  for (; (word & 3) !== 0; word++) words[word] = 0;
  if (seen <= 127) return length;
  const { written } = encoder.encodeInto(text, bytes);
  bytes.fill(0, written, written + BLOCK - (written % BLOCK));
  return written;
}

/**
 * MurmurHash3 x86_128 of the first `length` bytes of `words` (little-endian, zero up to the next block of 16 bytes) into `result`.
 */
export function murmur128(words: Int32Array, length: number, seed: number, result: Int32Array): void {
  let h1 = seed | 0;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  const whole = length >>> 4;
  // The tail is one more block whose missing bytes are 0; unlike the others it is not followed by a mixing step.
  for (let block = 0; block <= whole; block++) {
    const at = block << 2;
    h1 ^= scramble(words[at] as number, 0x239b961b, 15, 0xab0e9789);
    if (block < whole) h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= scramble(words[at + 1] as number, 0xab0e9789, 16, 0x38b34ae5);
    if (block < whole) h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= scramble(words[at + 2] as number, 0x38b34ae5, 17, 0xa1e38b93);
    if (block < whole) h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= scramble(words[at + 3] as number, 0xa1e38b93, 18, 0x239b961b);
    if (block < whole) h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  h1 = ((h1 ^ length) + (h2 ^ length) + (h3 ^ length) + (h4 ^ length)) | 0;
  h2 = finish(((h2 ^ length) + h1) | 0);
  h3 = finish(((h3 ^ length) + h1) | 0);
  h4 = finish(((h4 ^ length) + h1) | 0);
  h1 = (finish(h1) + h2 + h3 + h4) | 0;
  result[0] = h1;
  result[1] = h2 + h1;
  result[2] = h3 + h1;
  result[3] = h4 + h1;
}

function scramble(k: number, by: number, turn: number, then: number): number {
  return Math.imul(rotate(Math.imul(k, by), turn), then);
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

/** Murmur's finalizer: every bit of `h` changes every bit of the result with probability 1/2; signed. */
export function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The `n`th rehash of a key, unsigned 32 bits, independent of the first hash. */
export function rehash({ high, low }: Hash, n: number): number {
  return finish(Math.imul(finish(high ^ Math.imul(n + 1, 0x9e3779b1)), 0x85ebca6b) ^ low) >>> 0;
}

/** The hash of a request that has no key: uniform, and another one each time. */
export function randomHash(random: () => number): Hash {
  return { high: (random() * 2 ** 32) | 0, low: (random() * 2 ** 32) | 0 };
}
