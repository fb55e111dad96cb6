/** Responses that are malformed, or can be read in more than one way. */
import { MISPLACED } from './test-chunk-extensions.ts';
import { ok, whole, chunks, NEXT } from './test-response-case.ts';
import type { Exemptions } from './test-response-case.ts';

const SKIPS: Exemptions = {
  'http-proxy': { gets: [200], reused: true, why: 'the parser of node:http skips every CR and LF before a response' },
};

/** Malformed, or can be read in more than one way: 502, and the connection is not reused. */
export const MALFORMED: readonly (readonly [what: string, send: string | readonly string[], except?: Exemptions])[] = [
  ['text that is not HTTP', 'hello\r\n\r\n'],
  ['HTTP/0.9', 'just text'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['status 000', 'HTTP/1.1 000 No\r\nContent-Length: 2\r\n\r\nok'],
  ['status 099', 'HTTP/1.1 099 No\r\nContent-Length: 2\r\n\r\nok'],
  ['a status that is not a number', 'HTTP/1.1 OK 200\r\nContent-Length: 2\r\n\r\nok'],
  ['101 that was not asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ['a bare CR in the reason phrase', 'HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok'],
  ['a bare LF after the status line', 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok'],
  ['a bare LF after a field', 'HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok'],
  ['a bare LF after the head', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok'],
  ['a space before the colon', ok('Content-Length : 2\r\n', 'ok')],
  ['a space in a name', whole('ok', 'X Y: 1\r\n')],
  ['no name', whole('ok', ': 1\r\n')],
  ['no colon', whole('ok', 'X\r\n')],
  ['NUL in a name', whole('ok', 'X\0: 1\r\n')],
  ['NUL in a value', whole('ok', 'X: a\0b\r\n')],
  ['a bare CR in a value', whole('ok', 'X: a\rb\r\n')],
  ['DEL in a value', whole('ok', 'X: a\x7fb\r\n')],
  ['a folded line', whole('ok', 'X: a\r\n b\r\n')],
  ['Content-Length twice', whole('ok', 'Content-Length: 3\r\n')],
  ['Content-Length twice, the same', whole('ok', 'Content-Length: 2\r\n')],
  ['a list of Content-Lengths', ok('Content-Length: 2, 2\r\n', 'ok')],
  ['a signed Content-Length', ok('Content-Length: +2\r\n', 'ok')],
  ['a negative Content-Length', ok('Content-Length: -2\r\n', 'ok')],
  ['an empty Content-Length', ok('Content-Length: \r\n', 'ok')],
  ['a Content-Length beyond 64 bit', ok('Content-Length: 18446744073709551617\r\n', 'ok')],
  ['a Content-Length beyond 53 bit', ok('Content-Length: 9999999999999999999\r\n', 'ok')],
  ['Content-Length with Transfer-Encoding', chunks('0\r\n\r\n', 'Content-Length: 5\r\n')],
  ['Transfer-Encoding with Content-Length', ok('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n')],
  ['Transfer-Encoding: gzip', ok('Transfer-Encoding: gzip\r\n', 'zip')],
  ['Transfer-Encoding: identity', ok('Transfer-Encoding: identity\r\n', 'ok')],
  ['Transfer-Encoding: gzip, chunked', ok('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
  ['Transfer-Encoding: chunked, gzip', ok('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n')],
  ['chunked twice', chunks('0\r\n\r\n', 'Transfer-Encoding: chunked\r\n')],
  ['xchunked', ok('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
  ['chunked on HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ...MISPLACED.map(([where, body]) => [where, chunks(body)] as const),
  ['a bare CR before the status line', `\r${NEXT}`, SKIPS],
  ['an empty line before the status line', `\r\n${NEXT}`, SKIPS],
  ['a chunk size that is not a number, in the first piece', chunks('x\r\nok\r\n0\r\n\r\n')],
  ['a head over 64 KiB', whole('ok', `X: ${'x'.repeat(70_000)}\r\n`)],
  ['1,000 fields', whole('ok', 'X: y\r\n'.repeat(1000))],
];
