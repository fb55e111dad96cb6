/** How this proxy (engine `http1`) and others differ in what they make of requests, and why. */
import { SPACED } from '../../proxy/contract/test-chunk-extensions.ts';
import { BOTH, HAPROXY, NGINX, NODE_HTTP, on } from './differences.ts';
import { CHANGES } from './request-changes.ts';
import { REFUSALS } from './request-refusals.ts';
import type { Listed } from './differences.ts';

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
  {
    kind: 'own answer',
    why: 'an expectation without a body: nginx answers 100, and node-http closes after it',
    where: [
      on(NGINX, ['2xx 2xx/2, peer 1xx 2xx 2xx/2'], ['Expect without a body, then a request']),
      on(NODE_HTTP, ['2xx 2xx/2, peer 2xx/1'], ['Expect without a body, then a request']),
    ],
  },
];

const KNOWN: readonly Listed[] = [
  {
    kind: 'known',
    why: 'the parser of node:http, in the engine node-http, refuses white space in chunk extensions, which a recipient must parse',
    where: [
      on(
        NODE_HTTP,
        ['2xx/1, peer 4xx/0'],
        SPACED.map(([where]) => where),
      ),
    ],
  },
];

export const REQUEST_DIFFERENCES: readonly Listed[] = [...REFUSALS, ...CHANGES, ...ANSWERED, ...KNOWN];
