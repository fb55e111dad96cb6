import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMITS, readPieces } from './test-wire-requests.ts';

const GET = 'GET / HTTP/1.1\r\n';
const HOST = 'Host: a\r\n';
const chunked = (body: string) => `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body}`;
/** One piece, and a piece for each byte. */
const ways = (text: string): string[][] => [[text], [...text]];

describe('a request head', () => {
  for (const [what, text, line] of [
    ['GET', `${GET}${HOST}\r\n`, 'GET / 1.1'],
    ['HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', 'GET / 1.0'],
    ['a method that no one knows', `BREW-it!#$%&'*+.^_\`|~9 /pot HTTP/1.1\r\n${HOST}\r\n`, "BREW-it!#$%&'*+.^_`|~9 /pot 1.1"],
    ['several spaces', `GET   /   HTTP/1.1\r\n${HOST}\r\n`, 'GET / 1.1'],
    ['empty lines before it', `\r\n\r\n${GET}${HOST}\r\n`, 'GET / 1.1'],
    ['an absolute target', `GET http://b/c?d HTTP/1.1\r\n${HOST}\r\n`, 'GET http://b/c?d 1.1'],
  ] as const) {
    test(`is read: ${what}`, () => {
      for (const pieces of ways(text)) {
        const { requests, incomplete } = readPieces(pieces);
        assert.deepEqual([requests.map((r) => r.line), incomplete], [[line], false]);
      }
    });
  }

  for (const [what, text, status = 400] of [
    ['no method', ' / HTTP/1.1\r\n'],
    ['a method that is not a token', `G(T / HTTP/1.1\r\n`],
    ['a tab after the method', `GET\t/ HTTP/1.1\r\n`],
    ['no target', 'GET HTTP/1.1\r\n\r\n'],
    ['no version', 'GET /\r\n'],
    ['a space in the target', 'GET /a b HTTP/1.1\r\n'],
    ['a target above ASCII', 'GET /\xe4 HTTP/1.1\r\n'],
    ['NUL in the target', 'GET /\0 HTTP/1.1\r\n'],
    ['another protocol', 'GET / HTTQ/1.1\r\n'],
    ['a version in lower case', 'GET / http/1.1\r\n'],
    ['a version of two digits', 'GET / HTTP/1.11\r\n'],
    ['a space after the version', 'GET / HTTP/1.1 \r\n'],
    ['a bare LF after the line', 'GET / HTTP/1.1\n'],
    ['a bare CR after the line', 'GET / HTTP/1.1\rHost: a'],
    ['a bare CR before it', `\r${GET}`],
    ['a bare LF before it', `\n${GET}`],
    ['CR CR LF before it', `\r\r\n${GET}`],
    ['a folded line', `${GET}A: b\r\n c\r\n\r\n`],
    ['white space before a colon', `${GET}Host : a\r\n\r\n`],
    ['no Host', `${GET}\r\n`],
    ['Host twice', `${GET}${HOST}${HOST}\r\n`],
    ['CONNECT', `CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`, 405],
  ] as const) {
    test(`is refused: ${what}: ${status}`, () => {
      for (const pieces of ways(text)) assert.equal(readPieces(pieces).refusal?.[0], status);
    });
  }

  test('of another version is refused as such', () => {
    for (const version of ['1.2', '0.9', '2.0', '3.1'])
      for (const pieces of ways(`GET / HTTP/${version}\r\n${HOST}\r\n`))
        assert.match(readPieces(pieces).refusal?.[1] ?? '', /only HTTP\/1\.0 and HTTP\/1\.1/);
  });

  test('has a limit of bytes and of fields: 431', () => {
    const limits = { ...LIMITS, headBytes: 100, fields: 3 };
    const sized = (bytes: number) => `${GET}${HOST}A: ${'x'.repeat(bytes - GET.length - HOST.length - 7)}\r\n\r\n`;
    const fields = (count: number) => `${GET}${HOST}${'A: b\r\n'.repeat(count - 1)}\r\n`;
    for (const [text, status] of [
      [sized(100), undefined],
      [sized(101), 431],
      [`\r\n\r\n${sized(100)}`, undefined],
      [sized(102).slice(0, -1), 431],
      [`GET /${'x'.repeat(100)}`, 431],
      [fields(3), undefined],
      [fields(4), 431],
    ] as const) {
      for (const pieces of ways(text)) assert.equal(readPieces(pieces, limits).refusal?.[0], status, text);
    }
  });

  test('costs as much per byte when it arrives byte by byte, however long it is', () => {
    const cost = (bytes: number) => {
      const pieces = [...`GET /${'x'.repeat(bytes / 2)} HTTP/1.1\r\n${HOST}A: ${'x'.repeat(bytes / 2)}\r\n\r\n`];
      const before = process.cpuUsage();
      for (let i = 0; i < 64_000; i += bytes) assert.equal(readPieces(pieces).requests.length, 1);
      return process.cpuUsage(before).user;
    };
    cost(1000);
    // If it were scanned from its start for each piece, one of 64 kB would cost 64 times those of 1 kB.
    assert.ok(cost(64_000) < 8 * cost(1000) + 50_000);
  });
});

describe('a request body', () => {
  for (const [what, text, body, trailers = []] of [
    ['a length', `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`, 'hello'],
    ['a length of HTTP/1.0', `POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello`, 'hello'],
    ['a length of 0', `POST / HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`, ''],
    ['chunks', chunked('2\r\nab\r\n00A\r\n0123456789\r\n0\r\n\r\n'), 'ab0123456789'],
    ['chunks with extensions', chunked('2;a=b;c="d"\r\nab\r\n0;e\r\n\r\n'), 'ab'],
    ['white space in extensions', chunked('2 \t; a = "b c" ;d\t=\te\r\nab\r\n0 ;f\r\n\r\n'), 'ab'],
    ['trailers', chunked('1\r\na\r\n0\r\nX-Sum: 1\r\nContent-Length: 5\r\n\r\n'), 'a', ['X-Sum', '1', 'Content-Length', '5']],
  ] as const) {
    test(`is read, and the next request after it: ${what}`, () => {
      for (const pieces of ways(`${text}${GET}${HOST}\r\n`)) {
        const { requests, incomplete } = readPieces(pieces);
        assert.deepEqual(
          requests.map((r) => [r.body, r.trailers]),
          [
            [body, trailers],
            ['', []],
          ],
        );
        assert.equal(incomplete, false);
      }
    });
  }

  for (const [what, body, status = 400] of [
    ['a size that is no number', 'x\r\n'],
    ['white space after a size', '1 \r\na\r\n'],
    ['white space after an extension', '1;a \r\na\r\n'],
    ['a bare LF', '1\na\r\n'],
    ['a chunk longer than its size', '1\r\nab\r\n'],
    ['a malformed trailer', '0\r\nX : 1\r\n\r\n'],
    ['extensions that are too large', `1;${'a'.repeat(20_000)}\r\n`, 413],
    ['white space of extensions that is too large', `1${' '.repeat(20_000)};a\r\n`, 413],
    ['trailers that are too large', `0\r\nA: ${'b'.repeat(70_000)}\r\n\r\n`, 431],
    ['too many trailers', `0\r\n${'A: b\r\n'.repeat(201)}\r\n`, 431],
  ] as const) {
    test(`in chunks is refused: ${what}: ${status}`, () => {
      for (const pieces of ways(chunked(body))) {
        const { requests, refusal } = readPieces(pieces);
        assert.deepEqual([requests, refusal?.[0]], [[], status]);
      }
    });
  }

  test('that is cut is incomplete', () => {
    for (const text of [GET, '\r', 'G', chunked('1\r\na'), chunked('0\r\n'), `POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\na`])
      for (const pieces of ways(text)) assert.deepEqual([readPieces(pieces).incomplete, readPieces(pieces).requests], [true, []]);
  });
});
