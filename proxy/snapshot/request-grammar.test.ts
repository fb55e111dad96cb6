import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RE2JS } from 're2js';
import { normalizedPath } from './request-grammar.ts';
import type { PathNormalization } from './path-normalization.ts';

const SETTINGS: readonly PathNormalization[] = [true, false].flatMap((decodeUnreserved) =>
  [true, false].flatMap((mergeSlashes) =>
    (['Keep', 'Reject', 'Decode'] as const).map((encodedSlash) => ({ decodeUnreserved, mergeSlashes, encodedSlash })),
  ),
);
const UNRESERVED = /[A-Za-z0-9._~-]/;
const hexOf = (byte: number) => byte.toString(16).padStart(2, '0');

/** By the words of the settings, for every escape. */
function canHave(digits: string, { decodeUnreserved, encodedSlash }: PathNormalization): boolean {
  const character = String.fromCharCode(Number.parseInt(digits, 16));
  if (character === '/' && encodedSlash !== 'Keep') return false;
  return !decodeUnreserved || (!UNRESERVED.test(character) && digits === digits.toUpperCase());
}

describe('paths that a listener can match', () => {
  for (const settings of SETTINGS) {
    const expression = normalizedPath(settings);
    const wanted = new RegExp(`^(?:${expression})$`);
    const re2 = RE2JS.compile(expression);
    const check = (path: string, expected: boolean) => {
      assert.equal(wanted.test(path), expected, path);
      assert.equal(re2.testExact(path), expected, `${path} in RE2`);
    };

    test(JSON.stringify(settings), () => {
      for (let byte = 0; byte < 256; byte++) {
        const hex = hexOf(byte);
        const upper = hex.toUpperCase();
        for (const digits of new Set([hex, upper, `${hex[0]}${upper[1]}`, `${upper[0]}${hex[1]}`])) {
          check(`/a%${digits}`, canHave(digits, settings));
          check(`/%${digits}/b`, canHave(digits, settings));
        }
        const character = String.fromCharCode(byte);
        const inPath = character > ' ' && character < '\x7f' && !'#?\\%'.includes(character);
        check(`/a${character}b`, inPath);
      }
      for (const path of ['/', '/a', '/a/', '/a/b/', '/%25/%2561', '/;/=']) check(path, true);
      for (const path of ['//', '//a', '/a//', '/a//b', '/a/b//c', '///']) check(path, !settings.mergeSlashes);
      for (const path of ['', '*', 'a', '/%', '/%4', '/%4/', '/%zz', '/%4g', '/%%41', '/a\n']) check(path, false);
    });
  }

  test('is compared in a time that grows with the length of the path', () => {
    const long = '/a%20'.repeat(12_000);
    for (const settings of SETTINGS) assert.equal(new RegExp(`^(?:${normalizedPath(settings)})$`).test(`${long}?`), false);
  });
});
