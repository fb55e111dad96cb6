/** How this proxy (engine `http1`) and others differ in what they make of requests, and why. */
import { BOTH, HAPROXY, NGINX, NODE_HTTP, on } from './differences.ts';
import { REFUSALS } from './request-refusals.ts';
import type { Listed } from './differences.ts';

const REFUSED = ['4xx/0, peer 2xx/1'];

const NORMALIZED: readonly Listed[] = [
  {
    kind: 'normalizes',
    why: 'RFC 3986 §6.2.2: spellings of one path become one, since routes are chosen by path; OPTIONS of a whole server is OPTIONS *',
    where: [
      on(
        BOTH,
        ['target'],
        [
          'OPTIONS of a whole server',
          'the target //a',
          'the target /a//b',
          'the target /%41',
          'the target /%7e',
          'the target /%7E',
          'the target /a%2fb',
          'the target /%c3%a4',
        ],
      ),
    ],
  },
  {
    kind: 'normalizes',
    why: 'RFC 9112 §3.2.1: a backend gets the origin form; HAProxy passes the absolute form on',
    where: [
      on(
        HAPROXY,
        ['target'],
        [
          'the target http://a',
          'the target http://a/',
          'the target http://a/x',
          'the target HTTP://a/x',
          'the target http://A/x',
          'an absolute target between two requests',
        ],
      ),
    ],
  },
  {
    kind: 'normalizes',
    why: 'RFC 9112 §3.2.2: the authority of an absolute target replaces Host',
    where: [
      on(BOTH, ['value of host'], ['the target http://A/x']),
      on(NGINX, ['value of host'], ['an absolute target', 'an absolute target without a path']),
    ],
  },
  {
    kind: 'normalizes',
    why: 'HAProxy writes names in lower case',
    where: [on(HAPROXY, ['trailers: case of names'], 'any')],
  },
  {
    kind: 'normalizes',
    why: 'the backend is sent HTTP/1.1, which needs a Host, whatever the client sent',
    where: [on(BOTH, ['lacks host'], ['HTTP/1.0', 'HTTP/1.0 with a body', 'HTTP/1.0 with keep-alive'])],
  },
  {
    kind: 'normalizes',
    why: 'Expect is written as RFC 9110 spells it',
    where: [on(HAPROXY, ['value of expect'], ['Expect in another case'])],
  },
];

const DROPPED: readonly Listed[] = [
  {
    kind: 'drops',
    why: 'RFC 9110 §7.6.1: fields that Connection names are for one connection',
    where: [
      on(
        BOTH,
        ['adds x-hop'],
        [
          'close in a list, then a request',
          'a field that Connection names',
          'a field that Connection names in another case',
          'fields that Connection names in a list',
        ],
      ),
      on(BOTH, ['adds x-two'], ['fields that Connection names in a list']),
    ],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §7.8: Upgrade is for one connection, and means nothing unless Connection names it, or on HTTP/1.0',
    where: [on(BOTH, ['adds upgrade'], ['Upgrade that Connection does not name', 'an Upgrade on HTTP/1.0'])],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §11.7.2: credentials for a proxy are not for the backend',
    where: [on(BOTH, ['adds proxy-authorization'], ['Proxy-Authorization'])],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §10.1.1: an expectation of HTTP/1.0 is ignored',
    where: [on(HAPROXY, ['adds expect'], ['Expect on HTTP/1.0'])],
  },
];

const LOST: readonly Listed[] = [
  {
    kind: 'peer loses',
    why: 'nginx drops names with other characters than letters, digits and hyphens (ignore_invalid_headers, underscores_in_headers)',
    where: [
      on(NGINX, ["lacks !#$%&'*+-.^`|~09azaz"], ['a name with every character of a token']),
      on(NGINX, ['lacks __proto__'], ['names of the object prototype']),
      on(NGINX, ['lacks x.mine'], ['a name with a dot']),
      on(NGINX, ['lacks x_mine'], ['a name with an underscore']),
    ],
  },
  {
    kind: 'peer loses',
    why: 'nginx forwards no trailers',
    where: [
      on(
        NGINX,
        ['trailers: lacks x-sum'],
        [
          'trailers',
          'one trailer',
          'a trailer that Trailer names',
          'two lines of one trailer',
          'a trailer without a value',
          'trailers between two requests',
        ],
      ),
      on(NGINX, ['trailers: lacks x-text'], ['a trailer above ASCII']),
      on(NGINX, ['trailers: lacks x-low', 'trailers: lacks x-up'], ['trailers in mixed case']),
    ],
  },
  {
    kind: 'peer loses',
    why: 'nginx answers 100 itself, and does not ask the backend',
    where: [
      on(NGINX, ['lacks expect'], ['Expect: 100-continue and the body at once', 'Expect in another case', 'Expect with chunks']),
    ],
  },
];

const ANSWERED: readonly Listed[] = [
  {
    kind: 'own answer',
    why: 'the client gets 100 with the first byte of its body that is forwarded; HAProxy leaves it to the backend',
    where: [
      on(
        HAPROXY,
        ['1xx 2xx/1, peer 2xx/1'],
        ['Expect: 100-continue and the body at once', 'Expect in another case', 'Expect with chunks'],
      ),
    ],
  },
  {
    kind: 'own answer',
    why: 'RFC 9110 §7.6.2: Max-Forwards 0 is answered by the proxy',
    where: [on(BOTH, ['2xx/0, peer 2xx/1'], ['Max-Forwards 0'])],
  },
  {
    kind: 'own answer',
    why: 'an Upgrade that is declined ends the connection, since the bytes behind it may be of another protocol',
    where: [
      on(
        BOTH,
        ['2xx/1, peer 2xx 2xx/2'],
        [
          'a declined Upgrade, and a request in the same read',
          'a declined Upgrade, and a request in the next read',
          'a declined WebSocket, and a request in the next read',
          'an Upgrade to h2c, and a request in the next read',
          'an Upgrade of POST with a body, and a request in the next read',
        ],
      ),
      on(NGINX, ['2xx/1, peer 2xx 2xx 2xx/3'], ['an Upgrade that the backend does not accept']),
    ],
  },
  {
    kind: 'own answer',
    why: 'RFC 9112 §6.1: an unknown coding may get 501, which nginx sends',
    where: [
      on(
        NGINX,
        ['4xx/0, peer 5xx/0'],
        [
          'Transfer-Encoding: identity',
          'Transfer-Encoding: gzip',
          'Transfer-Encoding: gzip, chunked',
          'xchunked',
          'quoted chunked',
          'Transfer-Encoding: chunked, identity',
          'an empty Transfer-Encoding',
          'a vertical tab before chunked',
          'a no-break space before chunked',
          'a no-break space after chunked',
        ],
      ),
    ],
  },
  {
    kind: 'own answer',
    why: 'nginx answers 505 to another major version',
    where: [on(NGINX, ['4xx/0, peer 5xx/0'], ['HTTP/2.0 as a version', 'the version HTTP/3.0'])],
  },
  {
    kind: 'own answer',
    why: 'node:http reads Proxy-Connection as Connection, which no RFC asks for',
    where: [on(NODE_HTTP, ['2xx 2xx/2, peer 2xx/1'], ['Proxy-Connection: close, then a request'])],
  },
];

const KNOWN: readonly Listed[] = [
  {
    kind: 'known',
    why: 'names of fields are sent to backends in lower case',
    where: [on(NGINX, ['case of names'], 'any')],
  },
  {
    kind: 'known',
    why: 'TE is dropped, so that a backend that sends trailers only to those who ask for them sends none',
    where: [
      on(
        HAPROXY,
        ['adds te'],
        [
          'TE',
          'TE that Connection does not name, with codings',
          'TE that Connection names',
          'TE that Connection names, with codings',
        ],
      ),
    ],
  },
  {
    kind: 'known',
    why: 'Trailer is dropped, although the trailers that it names are forwarded',
    where: [on(BOTH, ['adds trailer'], ['Trailer without trailers', 'a trailer that Trailer names'])],
  },
  {
    kind: 'known',
    why: 'lines of Cookie are joined (RFC 6265 §5.4 has one line; HTTP/2 clients send several)',
    where: [on(BOTH, ['lines of cookie'], ['two lines of Cookie', 'ten lines of Cookie'])],
  },
  {
    kind: 'known',
    why: 'RFC 9112 §7.1.1 and RFC 9110 §5.6.3: a recipient must parse white space around a chunk extension; it is refused',
    where: [on(BOTH, REFUSED, ['white space before a chunk extension', 'white space around the sign of a chunk extension'])],
  },
];

export const REQUEST_DIFFERENCES: readonly Listed[] = [...REFUSALS, ...NORMALIZED, ...DROPPED, ...LOST, ...ANSWERED, ...KNOWN];
