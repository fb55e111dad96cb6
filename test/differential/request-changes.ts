/** What this proxy (engine `http1`) and others change in the requests that both forward, and why. */
import { BOTH, HAPROXY, NGINX, on } from './differences.ts';
import type { Listed } from './differences.ts';

const afterTrailers = (field: string) => `pipelined: a request after one with ${field} in its trailers, where it means nothing`;

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
    where: [on(HAPROXY, ['case of names', 'trailers: case of names'], 'any')],
  },
  {
    kind: 'normalizes',
    why: 'this proxy writes Host, Trailer and Upgrade itself, in lower case',
    where: [
      on(NGINX, ['case of host'], 'any'),
      on(NGINX, ['case of upgrade'], ['an Upgrade with close']),
      on(NGINX, ['case of trailer'], ['Trailer, with the trailers', 'a trailer that Trailer names']),
    ],
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
    why: 'RFC 9110 §6.6.2: Trailer announces what follows a body in chunks, so it is sent with such a body only',
    where: [on(BOTH, ['adds trailer'], ['Trailer without trailers', 'Trailer without a body in chunks'])],
  },
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
    why: 'RFC 9110 §6.5.1: what belongs in a head means nothing in a trailer',
    where: [
      on(HAPROXY, ['trailers: adds upgrade'], [afterTrailers('Connection: Upgrade\r\nUpgrade: test/1')]),
      on(HAPROXY, ['trailers: adds expect'], [afterTrailers('Expect: 100-continue')]),
      on(HAPROXY, ['trailers: adds te'], [afterTrailers('TE: trailers')]),
    ],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §11.7.2: credentials for a proxy are not for the backend',
    where: [on(BOTH, ['adds proxy-authorization'], ['Proxy-Authorization'])],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §10.1.1: an expectation of HTTP/1.0, or without a body, means nothing',
    where: [on(HAPROXY, ['adds expect'], ['Expect on HTTP/1.0', 'Expect without a body, then a request'])],
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
          'Trailer, with the trailers',
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
    why: 'nginx drops TE, so that a backend that sends trailers only to those who ask for them sends none',
    where: [
      on(
        NGINX,
        ['lacks te'],
        [
          'TE',
          'TE: trailers, alone or in a list',
          'TE that Connection does not name, with codings',
          'TE that Connection names',
          'TE that Connection names, with codings',
        ],
      ),
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

export const CHANGES: readonly Listed[] = [...NORMALIZED, ...DROPPED, ...LOST];
