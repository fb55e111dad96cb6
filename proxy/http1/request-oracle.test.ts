/**
 * The request reader, on valid and on mutated bytes, compared with itself (the same bytes in any pieces) and with the parser of
 * node:http (what both accept, they read alike). Where the two differ is listed below, and each is shown.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readPieces } from './test-wire-requests.ts';
import type { ReadRequest } from './test-wire-requests.ts';
import { REQUESTS } from '../contract/test-requests.ts';

const CRLF = '\r\n';
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const bytes = fc.array(byte, { maxLength: 6 }).map((list) => list.join(''));
const fields = fc
  .array(
    fc.tuple(
      fc.constantFrom('X', 'Keep-Alive', 'Trailer', 'x-very-long-name', 'Connection', 'Via', 'Cookie'),
      fc.constantFrom('', 'a', 'keep-alive', '\xe4\xff', 'a, b'),
      fc.constantFrom(': ', ':', ':\t '),
    ),
    { maxLength: 4 },
  )
  .map((list) => list.map(([name, value, colon]) => `${name}${colon}${value}${CRLF}`).join(''));
const chunk = fc
  .tuple(bytes, fc.constantFrom('', '', '', ';a', ';a=b', ';a="b c"', ' ; a =\tb'))
  .map(([payload, extension]) => (payload === '' ? '' : `${payload.length.toString(16)}${extension}${CRLF}${payload}${CRLF}`));
const framed = fc.oneof(
  fc.constant(CRLF),
  bytes.map((body) => `Content-Length: ${body.length}${CRLF}${CRLF}${body}`),
  fc
    .tuple(fc.array(chunk, { maxLength: 4 }), fc.constantFrom('', '', `X-Sum: 1${CRLF}`, `A: b${CRLF}c: \xe4${CRLF}`))
    .map(([chunks, trailers]) => `Transfer-Encoding: chunked${CRLF}${CRLF}${chunks.join('')}0${CRLF}${trailers}${CRLF}`),
);
const line = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'QUERY'),
    fc.constantFrom(' ', ' ', '  '),
    fc.constantFrom('/', '/a?b', '/%20', 'http://b/', '*'),
    fc.constantFrom('1.1', '1.1', '1.0'),
  )
  .map(([method, space, target, version]) => `${method}${space}${target} HTTP/${version}${CRLF}Host: a${CRLF}`);
const before = fc.constantFrom('', '', '', CRLF, CRLF + CRLF);
const one = fc.tuple(before, line, fields, framed).map((parts) => parts.join(''));
const valid = fc.array(one, { minLength: 1, maxLength: 3 }).map((list) => list.join(''));
const change = fc.tuple(fc.nat(), fc.nat(4), fc.oneof(bytes, fc.constantFrom(CRLF, '\n', '\r', ' ', ':', '0', ';', 'chunked')));
const mutated = fc.tuple(valid, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) =>
  changes.reduce((now, [where, gone, put]) => {
    const from = where % (now.length + 1);
    return now.slice(0, from) + put + now.slice(from + gone);
  }, text),
);
const request = fc.oneof(valid, mutated, fc.constantFrom(...REQUESTS.map(({ send }) => [send].flat().join(''))));

function split(text: string, cuts: readonly number[]): string[] {
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((to, i) => text.slice(at[i], to));
}

/** The whole requests that node:http reads of the bytes of a connection that ends after them. */
function readByNode(text: string): Promise<readonly ReadRequest[]> {
  return new Promise((resolve) => {
    const requests: ReadRequest[] = [];
    const server = createServer({ requireHostHeader: false, maxHeaderSize: 65_536, shouldUpgradeCallback: () => false });
    server.maxHeadersCount = 0;
    const onRequest = (req: IncomingMessage, res: ServerResponse) => {
      let body = '';
      req.setEncoding('latin1').on('data', (data: string) => (body += data));
      req.on('end', () => {
        const { method = '', url = '', httpVersion, rawHeaders, rawTrailers } = req;
        requests.push({ line: `${method} ${url} ${httpVersion}`, fields: rawHeaders, body, trailers: rawTrailers });
        res.end();
      });
    };
    server.on('request', onRequest).on('checkContinue', onRequest).on('checkExpectation', onRequest);
    server.on('clientError', () => undefined).on('connect', () => undefined);
    const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    server.emit('connection', socket);
    socket.push(Buffer.from(text, 'latin1'));
    socket.push(null);
    // All of it is read within a few turns.
    let turns = 0;
    const wait = () => (++turns > 12 ? resolve(requests) : setImmediate(wait));
    wait();
  });
}

/** `npm test` tries few; more with OUTRIGGER_FUZZ_SECONDS. */
const SECONDS = Number(process.env['OUTRIGGER_FUZZ_SECONDS'] ?? 0);
const RUNS =
  SECONDS > 0 ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1000 } : ({ numRuns: 1000 } as const);

/** Trailers that node:http reads as framing, and methods that it does not know. */
const DIFFERS = /^(?:content-length|transfer-encoding|connection|upgrade|proxy-connection)$/i;

/** "Bad" white space in chunk extensions, which node:http refuses and a recipient must parse (RFC 9112 §7.1.1). */
const SPACED = /^[0-9a-f]+(?:[\t ]+;|;(?:"[^"]*"|[^"\r\n])*?[\t ])/im;

describe('the request reader', () => {
  test('reads the same bytes alike, in whatever pieces they arrive', () => {
    fc.assert(
      fc.property(request, fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
        const whole = { ...readPieces([text]), pieces: 0 };
        assert.deepEqual({ ...readPieces(split(text, cuts)), pieces: 0 }, whole);
        assert.deepEqual({ ...readPieces([...text]), pieces: 0 }, whole);
      }),
      RUNS,
    );
  });

  test('reads what it accepts as node:http does', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (text) => {
        if (SPACED.test(text)) return;
        const { requests } = readPieces([text]);
        const theirs = await readByNode(text);
        for (const [i, ours] of requests.entries()) {
          const { fields: list, trailers } = ours;
          const closes = list.some((name, at) => at % 2 === 0 && /^connection$/i.test(name));
          const other = !/^(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|QUERY|TRACE|PROPFIND|REPORT|SEARCH) /.test(ours.line);
          if (other || trailers.some((name, at) => at % 2 === 0 && DIFFERS.test(name))) return;
          if (theirs[i] === undefined && i > 0) return;
          assert.deepEqual(ours, theirs[i]);
          // node:http reads no more after a request that ends its connection, or HTTP/1.0.
          if (closes || ours.line.endsWith('1.0')) return;
        }
      }),
      RUNS,
    );
  });

  const POST = `POST / HTTP/1.1${CRLF}Host: a${CRLF}`;
  for (const [what, text] of [
    ['a bare CR before the request', `\rGET / HTTP/1.1${CRLF}Host: a${CRLF}${CRLF}`],
    ['a bare LF before the request', `\nGET / HTTP/1.1${CRLF}Host: a${CRLF}${CRLF}`],
    ['a chunk size of more than 16 digits', `${POST}Transfer-Encoding: chunked${CRLF}${CRLF}00000000000000000${CRLF}${CRLF}`],
    ['more than 200 fields', `${POST}${`A: b${CRLF}`.repeat(200)}${CRLF}`],
  ] as const) {
    test(`refuses ${what}, which node:http accepts`, async () => {
      assert.ok(readPieces([text]).refusal);
      assert.equal((await readByNode(text)).length, 1);
    });
  }

  for (const [what, text] of [
    ['white space in chunk extensions', `${POST}Transfer-Encoding: chunked${CRLF}${CRLF}1 ; a = b${CRLF}x${CRLF}0${CRLF}${CRLF}`],
    ['a method that it does not know', `BREW / HTTP/1.1${CRLF}Host: a${CRLF}${CRLF}`],
    [
      'framing fields in trailers, where they mean nothing',
      `${POST}Transfer-Encoding: chunked${CRLF}${CRLF}0${CRLF}Content-Length: 5${CRLF}${CRLF}`,
    ],
  ] as const) {
    test(`accepts ${what}, which node:http refuses`, async () => {
      assert.equal(readPieces([text]).requests.length, 1);
      assert.equal((await readByNode(text)).length, 0);
    });
  }
});
