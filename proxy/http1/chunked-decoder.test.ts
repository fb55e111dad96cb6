/** The decoder, fed in any pieces, compared with itself fed byte by byte, which takes none of its shorter ways. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { MALFORMED, MORE } from './head-reader.ts';

const CRLF = '\r\n';
const LIMITS = { extensions: 40, trailers: { bytes: 200, fields: 4 } };

interface Decoded {
  readonly payload: string;
  /** Bytes up to the end of the body, MORE or MALFORMED. */
  readonly end: number;
  readonly fault: string;
  readonly excess: string | undefined;
  readonly trailers: readonly string[];
}

/** Pieces are latin1. `calls`: of the receiver. */
function decode(pieces: readonly string[], decoder = new ChunkedDecoder(LIMITS)): Decoded & { readonly calls: number } {
  let [calls, before] = [0, 0];
  let end = MORE;
  // It keeps what it was given until the end, without a copy, as a receiver may.
  const received: Buffer[] = [];
  for (const piece of pieces) {
    // Within a buffer, of which the decoder must not change what comes before and after.
    const whole = Buffer.from(`<<${piece}>>`, 'latin1');
    end = decoder.read(whole.subarray(0, whole.length - 2), 2, {
      onBody: (part) => {
        received.push(part);
        calls++;
      },
    });
    assert.equal(whole.toString('latin1', 0, 2) + whole.toString('latin1', whole.length - 2), '<<>>');
    if (end >= 0) assert.equal(whole.toString('latin1', end, whole.length - 2), piece.slice(end - 2), 'what follows the body');
    if (end !== MORE) break;
    before += piece.length;
  }
  const payload = received.map((part) => part.toString('latin1')).join('');
  const { fault, excess, trailers } = decoder;
  return { payload, end: end >= 0 ? before + end - 2 : end, fault, excess, trailers, calls };
}

const same = ({ calls: _, ...decoded }: ReturnType<typeof decode>): Decoded => decoded;

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const payload = fc.oneof(
  { weight: 6, arbitrary: fc.array(byte, { minLength: 1, maxLength: 3 }).map((list) => list.join('')) },
  { weight: 2, arbitrary: fc.tuple(byte, fc.integer({ min: 10, max: 40 })).map(([text, n]) => text.repeat(n)) },
  { weight: 1, arbitrary: fc.tuple(byte, fc.integer({ min: 1020, max: 1030 })).map(([text, n]) => text.repeat(n)) },
);
const extension = fc.oneof(
  { weight: 9, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(';a', ';a=b', ' ;a', ';a="b \\" c"', '; a = b\t; c', ' ', ';a ', ';', ';a=') },
);
const chunk = fc.tuple(payload, fc.nat(3), fc.boolean(), extension).map(([text, zeros, upper, more]) => {
  const digits = '0'.repeat(zeros) + text.length.toString(16);
  return `${upper ? digits.toUpperCase() : digits}${more}${CRLF}${text}${CRLF}`;
});
const last = fc.constantFrom(
  ...['0', '000', '0;a', '', '00000000000000001', 'ffffffffffffffff', 'fffffffffffff', '10000000000001'].map(
    (size) => `${size}${CRLF}`,
  ),
);
const trailers = fc.constantFrom(CRLF, `A: b${CRLF}${CRLF}`, `A: b${CRLF}C: d${CRLF}${CRLF}`, `A : b${CRLF}${CRLF}`, 'A: b', '');
const body = fc.tuple(fc.array(chunk, { maxLength: 20 }), last, trailers, fc.constantFrom('', 'more', `1${CRLF}x${CRLF}`));
const change = fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom('', CRLF, '\n', '\r', ' ', '0', '1', 'a', ';', '\0'));
const text = fc.tuple(body, fc.array(change, { maxLength: 2 })).map(([[chunks, size, fields, after], changes]) =>
  changes.reduce(
    (now, [where, gone, put]) => {
      const from = where % (now.length + 1);
      return now.slice(0, from) + put + now.slice(from + gone);
    },
    chunks.join('') + size + fields + after,
  ),
);

const SECONDS = Number(process.env['OUTRIGGER_FUZZ_SECONDS'] ?? 0);
const RUNS =
  SECONDS > 0 ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1000 } : ({ numRuns: 3000 } as const);

describe('the decoder of chunks', () => {
  test('reads the same bytes alike in one piece, in some pieces and byte by byte', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 6 }), (whole, cuts) => {
        const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
        const singly = same(decode([...whole]));
        assert.deepEqual(same(decode([whole])), singly);
        assert.deepEqual(same(decode(at.slice(1).map((to, i) => whole.slice(at[i], to)))), singly);
      }),
      RUNS,
    );
  });

  test('refuses at the same byte in one piece as byte by byte', () => {
    fc.assert(
      fc.property(text, (whole) => {
        if (decode([whole]).end !== MALFORMED) return;
        let bytes = 0;
        const decoder = new ChunkedDecoder(LIMITS);
        while (decode([whole.charAt(bytes)], decoder).end === MORE) bytes++;
        assert.equal(decode([whole.slice(0, bytes)]).end, MORE);
        assert.equal(decode([whole.slice(0, bytes + 1)]).end, MALFORMED);
      }),
      RUNS,
    );
  });

  test('moves small chunks of one piece together, up to 1 KiB each', () => {
    const chunks = (size: number, count: number) => `${size.toString(16)}${CRLF}${'x'.repeat(size)}${CRLF}`.repeat(count);
    const end = `0${CRLF}${CRLF}`;
    for (const size of [1, 2, 15, 16, 17, 255, 1024]) {
      const { payload, calls } = decode([chunks(size, 50) + end]);
      assert.deepEqual([payload.length, calls], [50 * size, 1], `of ${size}`);
    }
    assert.equal(decode([chunks(1025, 50) + end]).calls, 50);
    assert.equal(decode([chunks(1, 10) + chunks(1025, 1) + chunks(1, 10) + end]).calls, 2);
  });

  test('counts white space of extensions', () => {
    const of = (extensions: string) => decode([`1${extensions}${CRLF}x${CRLF}0${CRLF}${CRLF}`]).excess;
    const before = (bytes: number) => `${' '.repeat(bytes - 2)};a`;
    const after = (bytes: number) => `;${' '.repeat(bytes - 2)}a`;
    for (const spaced of [before, after]) assert.deepEqual([of(spaced(40)), of(spaced(41))], [undefined, 'extensions']);
  });
});
