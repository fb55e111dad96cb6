/** What this proxy (engine `http1`) refuses and a peer forwards, or the other way round, and why. */
import { BOTH, HAPROXY, NGINX, NODE_HTTP, on } from './differences.ts';
import type { Listed } from './differences.ts';

const REFUSED = ['4xx/0, peer 2xx/1'];

const STRICTER: readonly Listed[] = [
  {
    kind: 'stricter',
    why: 'RFC 9112 §2.2 allows a recipient to take a bare LF as the end of a line; two parsers that disagree on it can be played off',
    where: [
      on(BOTH, REFUSED, [
        'a bare LF after the request line',
        'a bare LF after a field',
        'a bare LF after the head',
        'a bare LF before the request line',
        'a bare LF after a chunk size',
        'a bare LF after a chunk',
        'a chunk shorter than its size',
      ]),
      on(['haproxy', 'nginx', 'node-http'], ['2xx 4xx/1, peer 2xx 2xx/2'], ['a bare LF between two requests']),
    ],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §2.2: a bare CR is no line end; an empty line before a request is CRLF',
    where: [
      on(['nginx', 'node-http'], ['2xx 4xx/1, peer 2xx 2xx/2'], ['pipelined: a bare CR before a request after a good one']),
      on(['nginx', 'node-http'], REFUSED, ['a bare CR before the request line', 'CR CR LF before the request line']),
      on(NODE_HTTP, REFUSED, ['a bare LF before the request line']),
    ],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §5.2: a server may refuse folded lines, or replace them by spaces, as HAProxy does',
    where: [
      on(HAPROXY, REFUSED, ['a folded line', 'a folded line with a tab', 'a folded Transfer-Encoding']),
      on(HAPROXY, ['4xx/0, peer 2xx 2xx/2'], ['a folded Host']),
    ],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §5.2: a folded trailer is refused too',
    where: [on(BOTH, REFUSED, ['a folded trailer'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §6.3: framing that is stated twice may be repaired or refused; this proxy repairs nothing',
    where: [
      on(HAPROXY, REFUSED, [
        'Content-Length with Transfer-Encoding',
        'Transfer-Encoding with Content-Length',
        'Content-Length twice, the same',
        'a list of Content-Lengths',
      ]),
    ],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §3.2: exactly one Host, with one value; HAProxy accepts none, or the same one again',
    where: [
      on(HAPROXY, REFUSED, ['no Host', 'Host twice, the same', 'a list of Hosts']),
      on(HAPROXY, ['2xx 4xx/1, peer 2xx 2xx 2xx 2xx/4'], ['pipelined: a request without Host after a good one']),
    ],
  },
  {
    kind: 'stricter',
    why: 'only HTTP/1.0 and HTTP/1.1: a later minor version may frame messages in ways that this proxy does not know',
    where: [on(BOTH, REFUSED, ['HTTP/1.2']), on(HAPROXY, REFUSED, ['HTTP/2.0 as a version', 'the version HTTP/3.0'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §2.3: a version has two digits',
    where: [on(NGINX, REFUSED, ['the version HTTP/1.10'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §3.2: the target has one of four forms, and only http names a request to this server',
    where: [
      on(HAPROXY, REFUSED, [
        '* with GET',
        'a target without a slash',
        'an absolute target with user information',
        'a tab before the target',
      ]),
      on(BOTH, REFUSED, ['an absolute target with another scheme']),
    ],
  },
  {
    kind: 'stricter',
    why: 'routes are chosen by path, so that a path which a backend may read as another one is refused (docs/policy-rules.md)',
    where: [
      on(BOTH, REFUSED, ['the target /a/./b', 'the target /a/../b', 'the target /a/b/..', 'the target /.', 'the target /%2e/a']),
    ],
  },
  {
    kind: 'stricter',
    why: 'RFC 3986 §2.1: a % begins an escape',
    where: [on(HAPROXY, REFUSED, ['the target /%zz'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 3986: a target is ASCII and has no fragment',
    where: [on(NGINX, REFUSED, ['a target above ASCII', 'the target /a#b'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9110 §5.5: no control characters in values',
    where: [on(BOTH, REFUSED, ['a value with DEL', 'a value with a bell'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §5: a line that is not a field is refused, where nginx drops it',
    where: [on(NGINX, REFUSED, ['no colon', 'a name above ASCII', 'a trailer that is not a field'])],
  },
  {
    kind: 'stricter',
    why: 'limits of this proxy: 200 fields, 16 KiB of chunk extensions, 64 KiB of trailers',
    where: [on(NGINX, REFUSED, ['more than 200 fields', 'chunk extensions over 16 KiB', 'trailers over 64 KiB'])],
  },
  {
    kind: 'stricter',
    why: 'RFC 9110 §10.1.1: an expectation that a server does not know may get 417',
    where: [
      on(BOTH, REFUSED, ['an unknown expectation', 'an unknown expectation in a list', 'an unknown expectation on HTTP/1.0']),
      on(HAPROXY, REFUSED, ['an unknown expectation before 100-continue in another field']),
    ],
  },
  {
    kind: 'stricter',
    why: 'RFC 9112 §7.1: no white space but around ; and = of chunk extensions',
    where: [
      on(BOTH, REFUSED, [
        'a space after a chunk size',
        'a tab after a chunk size',
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
];

const LENIENT: readonly Listed[] = [
  {
    kind: 'more lenient',
    why: 'RFC 9112 §3.2.2: the authority of an absolute target replaces Host; HAProxy refuses where they differ, or the path is missing',
    where: [
      on(HAPROXY, ['2xx/1, peer 4xx/0'], ['an absolute target', 'an absolute target without a path', 'the target http://a?x']),
    ],
  },
  {
    kind: 'more lenient',
    why: 'HAProxy checks the key of a WebSocket handshake; here the backend does',
    where: [on(HAPROXY, ['2xx/1, peer 4xx/0'], ['an Upgrade that the backend does not accept'])],
  },
  {
    kind: 'more lenient',
    why: 'HAProxy has a limit of 101 fields (tune.http.maxhdr)',
    where: [on(HAPROXY, ['2xx/1, peer 4xx/0'], ['198 fields beside Host and Connection'])],
  },
  {
    kind: 'more lenient',
    why: 'RFC 9110 §9.1: any token is a method; nginx takes capitals, _ and - only, and node:http those of a list',
    where: [
      on(
        ['nginx', 'node-http'],
        ['2xx/1, peer 4xx/0'],
        ['a method in lower case, which is another one', 'any token as a method, with a body', "the method A!#$%&'*+.^_`|~9"],
      ),
    ],
  },
  {
    kind: 'more lenient',
    why: 'node:http knows a list of methods',
    where: [
      on(NODE_HTTP, ['2xx/1, peer 4xx/0'], ['a method that no one knows', 'the method X']),
      on(NODE_HTTP, ['2xx 2xx 2xx/3, peer 2xx 4xx/1'], ['an unknown method between two requests']),
    ],
  },
  {
    kind: 'more lenient',
    why: 'nginx knows no OPTIONS *, and never forwards TRACE',
    where: [
      on(NGINX, ['2xx/1, peer 4xx/0'], ['OPTIONS *', 'the method TRACE']),
      on(NGINX, ['2xx 2xx/2, peer 4xx/0'], ['OPTIONS *, then GET']),
    ],
  },
  {
    kind: 'more lenient',
    why: 'nginx takes some fields once only',
    where: [on(NGINX, ['2xx/1, peer 4xx/0'], ['two lines of Authorization', 'two lines of If-Modified-Since'])],
  },
  {
    kind: 'more lenient',
    why: 'RFC 9110 §5.5: a tab around a value is white space as a space is; nginx takes spaces only',
    where: [
      on(NGINX, ['2xx/1, peer 4xx/0'], ['a length with white space around it']),
      on(NGINX, ['2xx/1, peer 5xx/0'], ['white space around chunked']),
    ],
  },
];

export const REFUSALS: readonly Listed[] = [...STRICTER, ...LENIENT];
