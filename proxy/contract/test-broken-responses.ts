/** Responses that break off, or turn out to be malformed, after their head. */
import { chunks, ok, OLD } from './test-response-case.ts';
import type { ResponseCase } from './test-response-case.ts';

/** The head was sent to the client, so the client must be able to see that the body is not whole. */
export const BROKEN: readonly ResponseCase[] = [
  {
    what: 'a body shorter than its length',
    send: ok('Content-Length: 5\r\n', 'ok'),
    then: 'end',
    gets: [],
    cut: true,
    reused: false,
  },
  {
    what: 'a body that is reset',
    send: [ok('Content-Length: 5\r\n', 'ok'), ''],
    then: 'reset',
    gets: [],
    cut: true,
    reused: false,
  },
  { what: 'chunks without a last one', send: chunks('2\r\nok\r\n'), then: 'end', gets: [], cut: true, reused: false },
  { what: 'half a chunk', send: chunks('5\r\nok'), then: 'end', gets: [], cut: true, reused: false },
  { what: 'half a chunk size', send: chunks('5'), then: 'end', gets: [], cut: true, reused: false },
  { what: 'chunks that are reset', send: [chunks('2\r\nok\r\n'), ''], then: 'reset', gets: [], cut: true, reused: false },
  { what: 'a last chunk that is cut', send: [chunks('2\r\nok\r\n'), '0\r\n'], then: 'end', gets: [], cut: true, reused: false },
  { what: 'a chunk size that is not a number', send: [chunks('2\r\nok\r\n'), 'x\r\n'], gets: [], cut: true, reused: false },
  { what: 'a chunk longer than its size', send: [chunks('2\r\nok\r\n'), '2\r\nabc\r\n'], gets: [], cut: true, reused: false },
  { what: 'a bare LF after a chunk', send: [chunks('2\r\nok\r\n'), '2\r\nab\n0\r\n\r\n'], gets: [], cut: true, reused: false },
  {
    what: 'a trailer that is not a field',
    send: [chunks('2\r\nok\r\n'), '0\r\nX Y\r\n\r\n'],
    gets: [],
    cut: true,
    reused: false,
  },
  {
    what: 'trailers over 64 KiB',
    send: [chunks('2\r\nok\r\n'), `0\r\n${`X: ${'x'.repeat(700)}\r\n`.repeat(100)}\r\n`],
    gets: [],
    cut: true,
    reused: false,
  },
  { what: 'a body without a length that is reset', send: [ok('', 'ok'), ''], then: 'reset', gets: [], cut: true, reused: false },
  {
    what: 'a body shorter than its length, to HTTP/1.0',
    request: OLD,
    bytesOnly: 'framing of HTTP/1.0',
    send: ok('Content-Length: 5\r\n', 'ok'),
    then: 'end',
    gets: [],
    cut: true,
    reused: false,
  },
  {
    what: 'chunks without a last one, to HTTP/1.0',
    request: OLD,
    bytesOnly: 'framing of HTTP/1.0',
    send: [chunks('2\r\nok\r\n'), ''],
    then: 'end',
    gets: [],
    cut: true,
    reused: false,
  },
];
