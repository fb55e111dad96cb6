/** Several requests on a connection, when it ends, and what follows a request whose Upgrade was declined. */
import { get } from '../../proxy/contract/test-request-case.ts';
import { cases, LAST, open } from './request-case.ts';
import type { DifferentialRequest } from './request-case.ts';

const closing = (connection: string) => `GET /1 HTTP/1.1\r\nHost: a\r\n${connection}\r\n${LAST}`;
const old = (target: string, fields = '') => `GET ${target} HTTP/1.0\r\nHost: a\r\n${fields}\r\n`;
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: example/1\r\n';
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
const many = (n: number) => Array.from({ length: n }, (_, i) => open(`GET /${i}`)).join('');
const POST = open('POST /post', 'Content-Length: 2\r\n', 'ab');
const CHUNKS = open('POST /chunks', 'Transfer-Encoding: chunked\r\n', '2\r\nab\r\n0\r\n\r\n');

const ONE_READ: readonly DifferentialRequest[] = cases([
  ['two requests', open('GET /1') + LAST],
  ['five requests', many(5) + LAST],
  ['twenty requests', many(20) + LAST],
  ['bodies of both kinds, and none', POST + CHUNKS + POST + open('GET /1') + CHUNKS + LAST],
  ['trailers between two requests', open('POST /1', 'Transfer-Encoding: chunked\r\n', '0\r\nX-Sum: 1\r\n\r\n') + LAST],
  ['Expect without a body, then a request', open('GET /1', 'Expect: 100-continue\r\n') + LAST],
  ['POST without a body, then GET', open('POST /1') + LAST],
  ['OPTIONS *, then GET', open('OPTIONS *') + LAST],
  ['an empty line between two requests', `${open('GET /1')}\r\n${LAST}`],
  ['five empty lines between two requests', `${open('GET /1')}${'\r\n'.repeat(5)}${LAST}`],
  ['a bare LF between two requests', `${open('GET /1')}\n${LAST}`],
  ['a space before a second request', `${open('GET /1')} ${LAST}`],
  ['an unknown method between two requests', open('GET /1') + open('BREW /2') + LAST],
  ['an absolute target between two requests', open('GET /1') + open('GET http://a/2') + LAST],
  ['a bad field after a good request', `${open('GET /1')}${open('GET /2', 'X Y: 1\r\n')}${LAST}`],
  ['a bad length after a good request', `${open('GET /1')}${open('POST /2', 'Content-Length: x\r\n')}${LAST}`],
  [
    'a bad chunk size in a second request',
    `${open('GET /1')}${open('POST /2', 'Transfer-Encoding: chunked\r\n', 'x\r\n')}${LAST}`,
  ],
  ['a bad version after a good request', `${open('GET /1')}GET /2 HTP/1.1\r\nHost: a\r\n\r\n${LAST}`],
  ['text after a good request', `${open('GET /1')}hello\r\n\r\n`],
  [
    'other hosts on one connection',
    `${open('GET /1')}GET /2 HTTP/1.1\r\nHost: b\r\n\r\nGET /3 HTTP/1.1\r\nHost: c:80\r\nConnection: close\r\n\r\n`,
  ],
  ['HTTP/1.0 after HTTP/1.1', open('GET /1') + old('/2')],
]);

const ENDS: readonly DifferentialRequest[] = cases([
  ['Connection: close, then a request', closing('Connection: close\r\n')],
  ['Connection: Close, then a request', closing('Connection: Close\r\n')],
  ['close in a list, then a request', closing('Connection: X-Hop, close\r\nX-Hop: 1\r\n')],
  ['close in a second line, then a request', closing('Connection: X-Hop\r\nConnection: close\r\n')],
  ['Connection: keep-alive, then a request', closing('Connection: keep-alive\r\n')],
  ['an empty Connection, then a request', closing('Connection:\r\n')],
  ['a field that Connection names', closing('Connection: X-Hop\r\nX-Hop: 1\r\n')],
  ['a field that Connection names in another case', closing('Connection: x-hOP\r\nX-Hop: 1\r\n')],
  ['fields that Connection names in a list', closing('Connection: keep-alive, X-Hop,X-Two\r\nX-Hop: 1\r\nX-Two: 2\r\n')],
  ['a name in Connection without a field', closing('Connection: X-None\r\n')],
  ['TE that Connection names', closing('Connection: TE\r\nTE: trailers\r\n')],
  ['TE that Connection names, with codings', closing('Connection: TE\r\nTE: trailers, deflate;q=0.5\r\n')],
  ['Proxy-Connection: close, then a request', closing('Proxy-Connection: close\r\n')],
  ['HTTP/1.0, then a request', old('/1') + LAST],
  ['HTTP/1.0 with keep-alive, then HTTP/1.0', old('/1', 'Connection: keep-alive\r\n') + old('/2')],
  ['HTTP/1.0 with Keep-Alive, then HTTP/1.1', old('/1', 'Connection: Keep-Alive\r\n') + LAST],
  ['HTTP/1.0 with close, then a request', old('/1', 'Connection: close\r\n') + LAST],
  [
    'HTTP/1.0 with keep-alive and a body, then a request',
    `POST /1 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab${LAST}`,
  ],
]);

const UPGRADES: readonly DifferentialRequest[] = [
  { what: 'a declined Upgrade, and a request in the same read', send: open('GET /1', UPGRADE) + LAST },
  { what: 'a declined Upgrade, and a request in the next read', send: open('GET /1', UPGRADE), rest: LAST },
  {
    what: 'a declined WebSocket, and a request in the next read',
    send: open('GET /1', `Connection: Upgrade\r\nUpgrade: websocket\r\n${KEY}`),
    rest: LAST,
  },
  {
    what: 'an Upgrade to h2c, and a request in the next read',
    send: open('GET /1', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
    rest: LAST,
  },
  { what: 'an Upgrade with close', send: get('Connection: Upgrade\r\nUpgrade: example/1\r\n') },
  {
    what: 'an Upgrade of POST with a body, and a request in the next read',
    send: open('POST /1', `${UPGRADE}Content-Length: 2\r\n`, 'ab'),
    rest: LAST,
  },
  { what: 'an Upgrade on HTTP/1.0', send: old('/1', UPGRADE) },
  { what: 'a request in the next read', send: open('GET /1'), rest: LAST },
  { what: 'a request in the next read, after POST', send: POST, rest: LAST },
  { what: 'two pieces of one head', send: ['GET /1 HTTP/1.1\r\nHo', 'st: a\r\nConnection: close\r\n\r\n'] },
  { what: 'a CR and its LF in two pieces', send: ['GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r', '\n\r', '\n'] },
  {
    what: 'a head and its body in two pieces',
    send: ['POST /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n', 'ab'],
  },
];

export const CONNECTIONS: readonly DifferentialRequest[] = [...ONE_READ, ...ENDS, ...UPGRADES];
