/** Bodies of requests: framing, chunks, trailers. */
import { C, chunked, post } from '../../proxy/contract/test-request-case.ts';
import { cases } from './request-case.ts';
import type { DifferentialRequest } from './request-case.ts';

const ALL_BYTES = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
const LONG = 'x'.repeat(20_000);
const UTF8 = Buffer.from('attachment; filename="Grüße.txt"').toString('latin1');
const AB = '2\r\nab\r\n0\r\n\r\n';
const withLength = (fields: string, body: string) => post(`${fields}Content-Length: ${body.length}\r\n`, body);

export const BODIES: readonly DifferentialRequest[] = cases([
  ['every byte in a body with a length', withLength('', ALL_BYTES)],
  ['every byte in a chunk', chunked(`100\r\n${ALL_BYTES}\r\n0\r\n\r\n`)],
  ['a long body with a length', withLength('', LONG)],
  ['a long body in one chunk', chunked(`${LONG.length.toString(16)}\r\n${LONG}\r\n0\r\n\r\n`)],
  ['a long body in chunks of 100', chunked(`${`64\r\n${LONG.slice(0, 100)}\r\n`.repeat(200)}0\r\n\r\n`)],
  ['chunks of one byte', chunked(`${'1\r\nx\r\n'.repeat(500)}0\r\n\r\n`)],
  ['no chunks', chunked('0\r\n\r\n')],
  ['a length with leading zeros', post('Content-Length: 002\r\n', 'ab')],
  ['a length with white space around it', post('Content-Length: \t2 \r\n', 'ab')],
  ['a length in another case', post('content-LENGTH: 2\r\n', 'ab')],
  ['a length of 0 with GET', `GET / HTTP/1.1\r\n${C}Content-Length: 0\r\n\r\n`],
  ['chunks with GET', `GET / HTTP/1.1\r\n${C}Transfer-Encoding: chunked\r\n\r\n${AB}`],
  ['a length with DELETE', `DELETE / HTTP/1.1\r\n${C}Content-Length: 2\r\n\r\nab`],
  ['a length with OPTIONS', `OPTIONS / HTTP/1.1\r\n${C}Content-Length: 2\r\n\r\nab`],
  ['a length with PUT', `PUT / HTTP/1.1\r\n${C}Content-Length: 2\r\n\r\nab`],
  ['chunks with PATCH', `PATCH / HTTP/1.1\r\n${C}Transfer-Encoding: chunked\r\n\r\n${AB}`],
  [
    'a body on HTTP/1.0 with a field of its type',
    'POST / HTTP/1.0\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nab',
  ],
  ['Chunked in another case', post('Transfer-Encoding: Chunked\r\n', AB)],
  ['white space around chunked', post('Transfer-Encoding: \tchunked \r\n', AB)],
  ['Transfer-Encoding in another case', post('TRANSFER-encoding: chunked\r\n', AB)],
  ['a chunk size in upper case', chunked(`A\r\n0123456789\r\n0\r\n\r\n`)],
  ['a chunk size in lower case', chunked(`a\r\n0123456789\r\n0\r\n\r\n`)],
  ['a chunk size with leading zeros', chunked('0002\r\nab\r\n0000\r\n\r\n')],
  ['a tab after a chunk size', chunked('2\t\r\nab\r\n0\r\n\r\n')],
  ['a chunk extension', chunked('2;a\r\nab\r\n0\r\n\r\n')],
  ['a chunk extension with a value', chunked('2;a=b\r\nab\r\n0\r\n\r\n')],
  ['a chunk extension with a quoted value', chunked('2;a="b;c=d \\" e"\r\nab\r\n0\r\n\r\n')],
  ['several chunk extensions', chunked('2;a=b;c;d="e"\r\nab\r\n0;f=g\r\n\r\n')],
  ['a chunk extension of 1,000 characters', chunked(`2;${'x'.repeat(1000)}\r\nab\r\n0\r\n\r\n`)],
  ['one trailer', chunked('2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n')],
  ['a trailer that Trailer names', post('Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n', '2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n')],
  ['two lines of one trailer', chunked('2\r\nab\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n')],
  ['trailers in mixed case', chunked('2\r\nab\r\n0\r\nx-low: 1\r\nX-UP: 2\r\n\r\n')],
  ['a trailer above ASCII', chunked('2\r\nab\r\n0\r\nX-Text: \xe4\xff\r\n\r\n')],
  ['a trailer without a value', chunked('2\r\nab\r\n0\r\nX-Sum:\r\n\r\n')],
  ['a value above ASCII after a length', post(`Content-Length: 2\r\nContent-Disposition: ${UTF8}\r\n`, 'ab')],
  ['a value above ASCII before a length', post(`Content-Disposition: ${UTF8}\r\nContent-Length: 2\r\n`, 'ab')],
  ['a value above ASCII after chunked', post(`Transfer-Encoding: chunked\r\nContent-Disposition: ${UTF8}\r\n`, AB)],
  ['a value above ASCII before chunked', post(`Content-Disposition: ${UTF8}\r\nTransfer-Encoding: chunked\r\n`, AB)],
  ['Content-Type with a body', withLength('Content-Type: application/json; charset="utf-8"\r\n', '{}')],
  ['Content-Encoding with a body', withLength('Content-Encoding: br\r\n', 'ab')],
  ['Content-MD5 and Digest with a body', withLength('Content-MD5: x\r\nDigest: y\r\n', 'ab')],
  ['Expect: 100-continue and the body at once', withLength('Expect: 100-continue\r\n', 'ab')],
  ['Expect in another case', withLength('Expect: 100-Continue\r\n', 'ab')],
  ['Expect with chunks', post('Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n', AB)],
  ['Expect on HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab'],
  ['a body of one kind of line end', withLength('', '\n\n\r\r\n\n')],
  ['a body that looks like a response', withLength('', 'HTTP/1.1 200 OK\r\n\r\n')],
  ['a body that looks like chunks', withLength('', AB)],
]);
