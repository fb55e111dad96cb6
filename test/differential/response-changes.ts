/** What this proxy (engine `http1`) and others change in the responses that both forward, and why. */
import { BOTH, HAPROXY, NGINX, on } from './differences.ts';
import type { Listed } from './differences.ts';

/** Names of cases about a field in trailers. */
export const inTrailers = (field: string) => `${field} in trailers, where it means nothing, which is dropped`;
/** Those of them in which Trailer announces another trailer, which is forwarded. */
export const ANNOUNCED = [
  'Connection: close',
  'Upgrade: test/1',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Keep-Alive: timeout=1',
].map(inTrailers);

const NORMALIZED: readonly Listed[] = [
  {
    kind: 'normalizes',
    why: 'HAProxy writes names in lower case',
    where: [on(HAPROXY, ['case of names', 'case of trailer', 'trailers: case of names'], 'any')],
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
    why: 'a reason phrase means nothing (RFC 9112 §4): that of the status is written where one is missing, not ASCII, or interim',
    where: [
      on(
        BOTH,
        ['reason phrase'],
        [
          'an empty reason phrase',
          'no reason phrase',
          'a reason phrase above ASCII',
          'a reason phrase with a bell',
          'as many interim responses as are read',
        ],
      ),
      on(HAPROXY, ['reason phrase'], ['as many hints as are read, to HEAD']),
    ],
  },
];

const DROPPED: readonly Listed[] = [
  {
    kind: 'drops',
    why: 'RFC 9110 §7.6.1: fields that Connection names are for one connection',
    where: [
      on(BOTH, ['adds x-hop'], ['fields that Connection names are dropped', 'head: a field that Connection names']),
      on(HAPROXY, ['adds x-hop'], ['fields of an interim response, but for those of the connection and of framing']),
    ],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §15.2.1: a client that does not wait for 100 discards it; all other interim responses are forwarded',
    where: [
      on(BOTH, ['200, peer 100 200'], ['100 that the client does not wait for']),
      on(
        BOTH,
        ['102 104 150 199 103 200, peer 100 102 104 150 199 103 200'],
        ['interim responses of every kind, of which 100 is not forwarded'],
      ),
      on(BOTH, ['103 102 200, peer 103 100 102 200'], ['interim responses after hints, in separate pieces']),
    ],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §7.8: Upgrade is for one connection',
    where: [on(BOTH, ['adds upgrade'], ['an offered Upgrade is dropped', 'head: Upgrade with 426'])],
  },
  {
    kind: 'drops',
    why: 'RFC 9110 §6.5.1: what belongs in a head means nothing in a trailer',
    where: [
      on(HAPROXY, ['trailers: adds set-cookie'], ['trailers that belong in a head, which are dropped']),
      on(HAPROXY, ['trailers: adds upgrade'], [inTrailers('Upgrade: test/1')]),
    ],
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
      on(NGINX, ['trailers: lacks x-sum'], ['trailers', 'body: two lines of one trailer', ...ANNOUNCED]),
      on(NGINX, ['trailers: lacks x-text'], ['body: a trailer above ASCII']),
      on(NGINX, ['trailers: lacks x-low', 'trailers: lacks x-up'], ['body: trailers in mixed case']),
    ],
  },
  {
    kind: 'peer loses',
    why: 'nginx knows only 101 and final responses: it takes another interim one for the final one, and what follows for its body',
    where: [
      on(NGINX, ['102 503, peer 102'], ['closed after an interim response']),
      on(NGINX, ['103×32 200, peer 103'], ['as many hints as are read, to HEAD']),
      on(NGINX, ['103 200, peer 103 cut'], ['fields of an interim response, but for those of the connection and of framing']),
    ],
  },
  {
    kind: 'peer loses',
    why: 'nginx keeps one Content-Type',
    where: [on(NGINX, ['value of content-type'], ['head: two lines of Content-Type'])],
  },
];

export const CHANGES: readonly Listed[] = [...NORMALIZED, ...DROPPED, ...LOST];
