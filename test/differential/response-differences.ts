/** How this proxy (engine `http1`) and others differ in what they make of responses, and why. */
import { SPACED } from '../../proxy/contract/test-chunk-extensions.ts';
import { BOTH, HAPROXY, HTTP_PROXY, NGINX, NODE_HTTP, on } from './differences.ts';
import { ANNOUNCED, CHANGES, inTrailers } from './response-changes.ts';
import type { Listed } from './differences.ts';

const REFUSED = ['502, peer 200'];

const STRICTER: readonly Listed[] = [
  {
    kind: 'stricter',
    why: 'RFC 9112 §2.2 allows a recipient to take a bare LF as the end of a line; this proxy does not',
    where: [
      on(BOTH, REFUSED, ['a bare LF after the status line', 'a bare LF after a field', 'a bare LF after the head']),
      on(BOTH, ['cut, peer 200'], ['a bare LF after a chunk']),
    ],
  },
  {
    kind: 'stricter',
    why: 'only HTTP/1.0 and HTTP/1.1; chunked does not exist on HTTP/1.0',
    where: [on(BOTH, REFUSED, ['HTTP/2.0', 'HTTP/1.2', 'chunked on HTTP/1.0'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §6.3: framing that is stated twice may be repaired; this proxy repairs nothing',
    where: [
      on(BOTH, REFUSED, [
        'Content-Length twice, the same',
        'Content-Length with Transfer-Encoding',
        'Transfer-Encoding with Content-Length',
      ]),
    ],
  },
  {
    kind: 'stricter',
    why: 'RFC 9110 §5.5: no control characters in values',
    where: [on(BOTH, REFUSED, ['DEL in a value'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §5.2: a folded line may be replaced by spaces, or be answered with 502',
    where: [on(HAPROXY, REFUSED, ['a folded line'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §5: a line without a colon is no field',
    where: [on(NGINX, REFUSED, ['no colon']), on(NGINX, ['cut, peer 200'], ['a trailer that is not a field'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §7.1: no white space but around ; and = of chunk extensions',
    where: [
      on(BOTH, REFUSED, [
        'a space after a chunk size',
        'a tab after the last chunk size',
        'a space after the last chunk extension',
        'a space after the value of the last chunk extension',
        'a tab after the quoted value of the last chunk extension',
        'a space instead of a chunk extension',
        'a space in the name of a chunk extension',
        'a space in the value of a chunk extension',
        'a space instead of a value of a chunk extension',
      ]),
    ],
  },
  {
    kind: 'stricter',
    why: 'RFC 9110 §15.2: HTTP/1.0 has no interim responses, and a client may take one for the response',
    where: [on(BOTH, ['200, peer 103 200'], ['103 to HTTP/1.0'])],
  },
  {
    kind: 'stricter',
    why: 'a limit of this proxy: 32 interim responses to one request',
    where: [on(BOTH, ['102×32 502, peer 102×33 200'], ['one interim response more than are read'])],
  },
];

const ANSWERED: readonly Listed[] = [
  {
    kind: 'own answer',
    why: 'nginx has decided on the response before it reads the first chunk',
    where: [
      on(
        NGINX,
        ['502, peer nothing'],
        ['a chunk size that is not a number, in the first piece', 'another white space before a chunk extension'],
      ),
    ],
  },
  {
    kind: 'own answer',
    why: 'no response: 503, since another endpoint may have one; theirs is 502',
    where: [
      on(
        BOTH,
        ['503, peer 502'],
        ['closed without a response', 'reset without a response', 'closed within the head', 'reset within the head'],
      ),
      on(HAPROXY, ['102 503, peer 102 502'], ['closed after an interim response']),
    ],
  },
];

const KNOWN: readonly Listed[] = [
  {
    kind: 'known',
    why: 'the parser of node:http, in the engine http-proxy, refuses white space in chunk extensions, which a recipient must parse',
    where: [
      on(
        HTTP_PROXY,
        ['200, peer 502'],
        SPACED.map(([where]) => where),
      ),
    ],
  },
  {
    kind: 'known',
    why: 'the engine node-http encodes a Content-Disposition behind Content-Length as UTF-8 again, or answers 502 for it',
    where: [
      on(NODE_HTTP, ['value of content-disposition'], ['head: a value above ASCII after a length']),
      on(NODE_HTTP, ['200, peer 502'], ['head: a value in Latin-1 after a length']),
    ],
  },
  {
    kind: 'known',
    why: 'the engine node-http writes Trailer itself, in lower case',
    where: [on(NODE_HTTP, ['case of trailer'], ['trailers', ...ANNOUNCED])],
  },
  {
    kind: 'known',
    why: 'of interim responses, the engine node-http sends 102 without fields, and 103 with the Link fields that node:http accepts',
    where: [
      on(
        NODE_HTTP,
        ['102 104 150 199 103 200, peer 102 103 200'],
        ['interim responses of every kind, of which 100 is not forwarded'],
      ),
      on(NODE_HTTP, ['lacks x'], ['interim responses after hints, in separate pieces']),
      on(NODE_HTTP, ['lacks x-a'], ['fields of an interim response, but for those of the connection and of framing']),
      on(NODE_HTTP, ['103 200, peer 200'], ['103 with a malformed Link']),
    ],
  },
  {
    kind: 'known',
    why: 'the parser of node:http, in the engine http-proxy, reads framing in trailers as if it were in the head',
    where: [on(HTTP_PROXY, ['200, peer 502'], [inTrailers('Content-Length: 5')])],
  },
];

export const RESPONSE_DIFFERENCES: readonly Listed[] = [...STRICTER, ...CHANGES, ...ANSWERED, ...KNOWN];
