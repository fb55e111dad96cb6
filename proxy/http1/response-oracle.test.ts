/**
 * The response reader, on valid and on mutated bytes, compared with itself (the same bytes in any pieces) and with the parser of
 * node:http (what both accept, they read alike). What this reader refuses and node:http accepts is a list, and each entry is shown.
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readPieces } from './test-responses.ts';

const CRLF = '\r\n';
const OK = `HTTP/1.1 200 OK${CRLF}`;
const CHUNKED = `${OK}Transfer-Encoding: chunked${CRLF}${CRLF}`;
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const bytes = fc.array(byte, { maxLength: 6 }).map((list) => list.join(''));
const fields = fc
  .array(
    fc.tuple(
      fc.constantFrom('X', 'Keep-Alive', 'Trailer', 'x-very-long-name', 'Connection', 'Via'),
      fc.constantFrom('', 'a', 'close', '\xe4\xff', 'a, b', 'timeout=1'),
      fc.constantFrom(': ', ':', ':\t '),
    ),
    { maxLength: 4 },
  )
  .map((list) => list.map(([name, value, colon]) => `${name}${colon}${value}${CRLF}`).join(''));
const chunk = fc
  .tuple(bytes, fc.constantFrom('', '', '', ';a', ';a=b', ';a="b c"', ' ; a =\tb'))
  .map(([payload, extension]) => (payload === '' ? '' : `${payload.length.toString(16)}${extension}${CRLF}${payload}${CRLF}`));
const framed = fc.oneof(
  bytes.map((body) => `Content-Length: ${body.length}${CRLF}${CRLF}${body}`),
  bytes.map((body) => `${CRLF}${body}`),
  fc
    .tuple(fc.array(chunk, { maxLength: 4 }), fc.constantFrom('', '', `X-Sum: 1${CRLF}`, `A: b${CRLF}c: \xe4${CRLF}`))
    .map(([chunks, trailers]) => `Transfer-Encoding: chunked${CRLF}${CRLF}${chunks.join('')}0${CRLF}${trailers}${CRLF}`),
);
const start = fc.constantFrom(
  ...['200 OK', '404 Not', '304 No', '204 No', '200', '599 \xe4'].flatMap((s) => [`1.1 ${s}`, `1.0 ${s}`]),
);
const interim = fc.constantFrom('', '', '', `HTTP/1.1 103 Hints${CRLF}Link: </a>${CRLF}${CRLF}`, `HTTP/1.1 102 P${CRLF}${CRLF}`);
const valid = fc
  .tuple(interim, start, fields, framed)
  .map(([before, line, list, rest]) => `${before}HTTP/${line}${CRLF}${list}${rest}`);
const change = fc.tuple(fc.nat(), fc.nat(4), fc.oneof(bytes, fc.constantFrom(CRLF, '\n', '\r', ' ', ':', '0', ';', 'chunked')));
const mutated = fc.tuple(valid, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) =>
  changes.reduce((now, [where, gone, put]) => {
    const from = where % (now.length + 1);
    return now.slice(0, from) + put + now.slice(from + gone);
  }, text),
);
const response = fc.oneof(valid, mutated);

function split(text: string, cuts: readonly number[]): string[] {
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((to, i) => text.slice(at[i], to));
}

interface Seen {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

/** What node:http reads of the bytes of a connection that ends after them; undefined: an error. */
function readByNode(text: string, method = 'GET'): Promise<Seen | undefined> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => {
        done();
        socket.push(Buffer.from(text, 'latin1'));
        socket.push(null);
      },
    });
    const req = request({ method, createConnection: () => socket, maxHeaderSize: 65_536 });
    req.on('error', () => resolve(undefined));
    req.on('upgrade', () => resolve(undefined));
    req.on('response', (res: IncomingMessage) => {
      let body = '';
      res.setEncoding('latin1').on('data', (data: string) => (body += data));
      res.on('error', () => resolve(undefined));
      res.on('end', () => {
        const { statusCode: status = 0, statusMessage: reason = '', rawHeaders, rawTrailers: trailers } = res;
        resolve({ status, reason, fields: rawHeaders, body, trailers });
      });
    });
    req.end();
  });
}

/** `npm test` tries few; more with OUTRIGGER_FUZZ_SECONDS. */
const SECONDS = Number(process.env['OUTRIGGER_FUZZ_SECONDS'] ?? 0);
const RUNS =
  SECONDS > 0 ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1000 } : ({ numRuns: 1000 } as const);

/** What this reader refuses and node:http accepts. */
const STRICTER: readonly (readonly [fault: RegExp, what: string, text: string])[] = [
  [/first line/, 'an empty line before the response', `${CRLF}${OK}Content-Length: 0${CRLF}${CRLF}`],
  [/first line/, 'a status below 100', `HTTP/1.1 000 No${CRLF}Content-Length: 0${CRLF}${CRLF}`],
  [/transfer coding/, 'a coding other than chunked', `${OK}Transfer-Encoding: gzip${CRLF}${CRLF}`],
  [/HTTP\/1\.0/, 'a coding in HTTP/1.0', `HTTP/1.0 200 OK${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}0${CRLF}${CRLF}`],
  [/chunk size/, 'a chunk size of more than 16 digits', `${CHUNKED}${'0'.repeat(17)}${CRLF}${CRLF}`],
  [/chunk extension/, 'a chunk extension with an empty value', `${CHUNKED}1;a=;b${CRLF}x${CRLF}0${CRLF}${CRLF}`],
  [/too many fields/, 'more than 200 fields', `${OK}${`A: b${CRLF}`.repeat(201)}${CRLF}`],
];

/** "Bad" white space in chunk extensions, which node:http refuses and a recipient must parse (RFC 9112 §7.1.1). */
const SPACED = /^[0-9a-f]+(?:[\t ]+;|;(?:"[^"]*"|[^"\r\n])*?[\t ])/im;

describe('the response reader', () => {
  test('reads the same bytes alike, in whatever pieces they arrive', () => {
    fc.assert(
      fc.property(response, fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), fc.boolean(), (text, cuts, closes, bodiless) => {
        const whole = { ...readPieces([text], { closes, bodiless }), pieces: 0 };
        assert.deepEqual({ ...readPieces(split(text, cuts), { closes, bodiless }), pieces: 0 }, whole);
        assert.deepEqual({ ...readPieces([...text], { closes, bodiless }), pieces: 0 }, whole);
      }),
      RUNS,
    );
  });

  test('reads what it accepts as node:http does', async () => {
    await fc.assert(
      fc.asyncProperty(response, fc.constantFrom('GET', 'HEAD'), async (text, method) => {
        const ours = readPieces([text], { closes: true, bodiless: method === 'HEAD' });
        const [status = 0, reason = '', ...list] = ours.heads.at(-1) ?? [];
        if (ours.ended !== 'whole' || ours.rest !== '' || status === 101 || SPACED.test(text)) return;
        const theirs = await readByNode(text, method);
        const seen = { status, reason, fields: list, body: ours.body, trailers: ours.trailers ?? [] };
        assert.deepEqual(seen, theirs);
      }),
      RUNS,
    );
  });

  test('refuses for a listed reason what node:http accepts', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, async (text) => {
        const { ended, fault } = readPieces([text], { closes: true });
        if (ended === 'malformed' && !STRICTER.some(([known]) => known.test(fault)))
          assert.equal(await readByNode(text), undefined, fault);
      }),
      RUNS,
    );
  });

  test('accepts white space in chunk extensions, which node:http refuses', async () => {
    const text = `${CHUNKED}1 ; a = b${CRLF}x${CRLF}0${CRLF}${CRLF}`;
    assert.equal(readPieces([text], { closes: true }).body, 'x');
    assert.equal(await readByNode(text), undefined);
  });

  for (const [fault, what, text] of STRICTER) {
    test(`refuses ${what}, which node:http accepts`, async () => {
      const read = readPieces([text], { closes: true });
      assert.equal(read.ended, 'malformed');
      assert.match(read.fault, fault);
      assert.ok(await readByNode(text));
    });
  }
});
