/** How this proxy (engine `http1`) and others differ in what they make of responses, and why. */
import { BOTH, HAPROXY, NGINX, NODE_HTTP, on } from './differences.ts';
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
    why: 'RFC 9112 §6.1: a coding that a recipient does not know makes the length of the body unknown',
    where: [
      on(NGINX, REFUSED, [
        'Transfer-Encoding: gzip',
        'Transfer-Encoding: identity',
        'Transfer-Encoding: gzip, chunked',
        'Transfer-Encoding: chunked, gzip',
        'xchunked',
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
    why: 'RFC 9112 §7.1: no white space between a chunk size and its CRLF',
    where: [on(BOTH, REFUSED, ['body: a space after a chunk size'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9110 §15.2: HTTP/1.0 has no interim responses, and a client may take one for the response',
    where: [on(BOTH, ['200, peer 103 200'], ['103 to HTTP/1.0'])],
  },
  {
    kind: 'stricter',
    why: 'an interim response without what it is for is dropped',
    where: [on(BOTH, ['200, peer 103 200'], ['103 with a malformed Link'])],
  },
];

const NORMALIZED: readonly Listed[] = [
  {
    kind: 'normalizes',
    why: 'HAProxy writes names in lower case',
    where: [on(HAPROXY, ['case of names', 'trailers: case of names'], 'any')],
  },
  {
    kind: 'normalizes',
    why: 'RFC 9112 §2.3: a proxy answers with its own version',
    where: [
      on(
        HAPROXY,
        ['version'],
        ['HTTP/1.0', 'HTTP/1.0 without a length', 'HTTP/1.0 with keep-alive', 'head: HTTP/1.0 with fields'],
      ),
    ],
  },
  {
    kind: 'normalizes',
    why: 'a body that lasts until the connection ends is sent in chunks, so that its end can be seen',
    where: [
      on(
        HAPROXY,
        ['framing chunked, peer close'],
        ['a body until the connection ends', 'HTTP/1.0 without a length', 'body: every byte until the connection ends'],
      ),
    ],
  },
  {
    kind: 'normalizes',
    why: 'RFC 9112 §7: chunks mean nothing to HTTP/1.0; HAProxy sends them',
    where: [
      on(HAPROXY, ['framing close, peer chunked'], ['chunks to HTTP/1.0', 'trailers to HTTP/1.0']),
      on(HAPROXY, ['trailers: adds x-sum'], ['trailers to HTTP/1.0']),
    ],
  },
  {
    kind: 'normalizes',
    why: 'a reason phrase means nothing (RFC 9112 §4): one that is missing or not ASCII becomes that of the status',
    where: [
      on(
        BOTH,
        ['reason phrase'],
        ['an empty reason phrase', 'no reason phrase', 'a reason phrase above ASCII', 'a reason phrase with a bell'],
      ),
    ],
  },
];

const DROPPED: readonly Listed[] = [
  {
    kind: 'drops',
    why: 'RFC 9110 §7.6.1: fields that Connection names are for one connection',
    where: [on(BOTH, ['adds x-hop'], ['fields that Connection names are dropped', 'head: a field that Connection names'])],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §7.8: Upgrade is for one connection',
    where: [on(BOTH, ['adds upgrade'], ['an offered Upgrade is dropped', 'head: Upgrade with 426'])],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §6.5.1: what belongs in a head means nothing in a trailer',
    where: [on(HAPROXY, ['trailers: adds set-cookie'], ['trailers that belong in a head, which are dropped'])],
  },
  {
    kind: 'drops',
    why: 'Trailer announces trailers: without them, or to HTTP/1.0, it announces nothing',
    where: [on(BOTH, ['adds trailer'], ['trailers to HTTP/1.0', 'head: Trailer without trailers'])],
  },
];

const LOST: readonly Listed[] = [
  {
    kind: 'peer loses',
    why: 'the client must see that a body is not whole (RFC 9112 §8); HAProxy closes after a reset as after an end',
    where: [
      on(HAPROXY, ['cut, peer 200'], ['a body without a length that is reset']),
      on(NGINX, ['cut, peer 200'], ['chunks without a last one, to HTTP/1.0']),
    ],
  },
  {
    kind: 'peer loses',
    why: 'nginx forwards no trailers unless proxy_pass_trailers (1.27) is on',
    where: [
      on(NGINX, ['trailers: lacks x-sum'], ['trailers', 'body: two lines of one trailer']),
      on(NGINX, ['trailers: lacks x-text'], ['body: a trailer above ASCII']),
      on(NGINX, ['trailers: lacks x-low', 'trailers: lacks x-up'], ['body: trailers in mixed case']),
    ],
  },
  {
    kind: 'peer loses',
    why: 'nginx keeps one Content-Type',
    where: [on(NGINX, ['value of content-type'], ['head: two lines of Content-Type'])],
  },
];

const ANSWERED: readonly Listed[] = [
  {
    kind: 'own answer',
    why: 'nginx has decided on the response before it reads the first chunk',
    where: [on(NGINX, ['502, peer nothing'], ['a chunk size that is not a number, in the first piece'])],
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
      on(HAPROXY, ['503, peer 102 502'], ['closed after an interim response']),
    ],
  },
  {
    kind: 'own answer',
    why: 'nginx knows only 101 and final responses',
    where: [on(NGINX, ['503, peer 102'], ['closed after an interim response'])],
  },
];

const KNOWN: readonly Listed[] = [
  {
    kind: 'known',
    why: 'RFC 9110 §15.2: a proxy forwards interim responses; only 103, and 100 where the client waits for it, are',
    where: [
      on(BOTH, ['200, peer 100 200'], ['100 that the client does not wait for']),
      on(BOTH, ['200, peer 102 199 200'], ['102 and 199, which are not forwarded']),
    ],
  },
  {
    kind: 'known',
    why: 'RFC 9112 §7.1.1 and RFC 9110 §5.6.3: a recipient must parse white space around a chunk extension; it is refused',
    where: [on(BOTH, REFUSED, ['body: white space before a chunk extension'])],
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
    where: [on(NODE_HTTP, ['case of names'], ['trailers'])],
  },
];

export const RESPONSE_DIFFERENCES: readonly Listed[] = [...STRICTER, ...NORMALIZED, ...DROPPED, ...LOST, ...ANSWERED, ...KNOWN];
