/** All cases from backend to client: those of the contract suite that other proxies answer too, and more. */
import { C } from '../../proxy/contract/test-request-case.ts';
import { RESPONSES as CONTRACT } from '../../proxy/contract/test-responses.ts';
import type { DifferentialResponse } from './response-case.ts';

/** Cases of the contract suite that are not compared (README.md, Choices). */
export const NOT_COMPARED: ReadonlySet<string> = new Set([
  ...['text that is not HTTP', 'HTTP/0.9', 'a status of two digits', 'a status of four digits', 'a status that is not a number'],
  ...['status 000', 'status 099', '101 that was not asked for', 'a bare CR in the reason phrase', 'NUL in a value'],
  ...['a reason phrase with NUL', 'a Content-Length beyond 64 bit', 'a Content-Length beyond 53 bit', 'a head over 64 KiB'],
  ...[
    'a head of nearly 64 KiB',
    '1,000 fields',
    'trailers over 64 KiB',
    '101 that was not asked for, after another interim response',
  ],
  ...['a signed Content-Length', 'a negative Content-Length', 'an empty Content-Length', 'a list of Content-Lengths'],
  ...['Transfer-Encoding: gzip', 'Transfer-Encoding: identity', 'Transfer-Encoding: gzip, chunked', 'xchunked'],
  ...[
    'Transfer-Encoding: chunked, gzip',
    'Content-Length twice',
    'chunked twice',
    'a bare CR before the status line',
    'an empty line before the status line',
  ],
]);

const HIGH = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i));
const ALL_BYTES = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
const UTF8 = Buffer.from('attachment; filename="Grüße.txt"').toString('latin1');
const HEAD = `HEAD / HTTP/1.1\r\n${C}\r\n`;
const OLD = 'GET / HTTP/1.0\r\nHost: a\r\n\r\n';
const ok = (fields: string, body = 'ok') => `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
const chunks = (body: string, fields = '') => `HTTP/1.1 200 OK\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${body}`;
const status = (line: string, fields = '') => `HTTP/1.1 ${line}\r\n${fields}Content-Length: 2\r\n\r\nok`;

const HEADS: readonly (readonly [what: string, send: string])[] = [
  ['two lines of Set-Cookie', ok('Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2, c\r\n')],
  ['two lines of Set-Cookie, with another field between', ok('Set-Cookie: a=1\r\nX: 1\r\nset-cookie: b=2\r\n')],
  [
    'two lines of WWW-Authenticate',
    status('401 Unauthorized', 'WWW-Authenticate: Basic realm="a, b"\r\nWWW-Authenticate: Negotiate\r\n'),
  ],
  ['two lines of Link', ok('Link: </a>; rel=preload\r\nLink: </b>; rel=preload\r\n')],
  ['two lines of Vary', ok('Vary: Accept\r\nVary: Cookie\r\n')],
  ['two lines of Cache-Control', ok('Cache-Control: no-cache\r\nCache-Control: private\r\n')],
  ['two lines of Content-Type', ok('Content-Type: text/plain\r\nContent-Type: text/html\r\n')],
  ['two lines of a name, one of them empty', ok('X-List:\r\nX-List: 2\r\n')],
  ['two lines of a name in different case', ok('X-List: 1\r\nx-list: 2\r\n')],
  ['names in mixed case', ok('X-MiXeD: 1\r\nx-lower: 2\r\nX-UPPER: 3\r\n')],
  ['a name with every character of a token', ok("!#$%&'*+-.^`|~09azAZ: 1\r\n")],
  ['a name with an underscore', ok('X_Mine: 1\r\n')],
  ['names of the object prototype', ok('__proto__: a\r\nconstructor: b\r\n')],
  ['every byte above ASCII', ok(`X-High: ${HIGH}\r\n`)],
  ['a value above ASCII after a length', `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Disposition: ${UTF8}\r\n\r\nok`],
  [
    'a value in Latin-1 after a length',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Disposition: attachment; filename="\xe4.txt"\r\n\r\nok',
  ],
  ['a value above ASCII before a length', ok(`Content-Disposition: ${UTF8}\r\n`)],
  [
    'a value above ASCII after chunked',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Disposition: ${UTF8}\r\n\r\n0\r\n\r\n`,
  ],
  ['a value above ASCII and no body', `HTTP/1.1 204 No Content\r\nContent-Disposition: ${UTF8}\r\n\r\n`],
  ['a tab within a value', ok('X: a\tb\r\n')],
  ['white space around a value', ok('X: \t a b \t\r\n')],
  ['60 fields', ok(Array.from({ length: 60 }, (_, i) => `X-${i}: ${i}\r\n`).join(''))],
  [
    'the fields of a page',
    ok(
      'Content-Type: text/html\r\nETag: W/"a"\r\nLast-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\nExpires: 0\r\nVary: *\r\nAge: 1\r\n',
    ),
  ],
  ['a redirect', status('302 Found', 'Location: http://b/x?y#z\r\n')],
  ['a redirect to a path', status('301 Moved Permanently', 'Location: /x\r\n')],
  ['a partial response', status('206 Partial Content', 'Content-Range: bytes 0-1/9\r\nAccept-Ranges: bytes\r\n')],
  ['Proxy-Authenticate', status('407 Proxy Authentication Required', 'Proxy-Authenticate: Basic\r\n')],
  ['Keep-Alive and Proxy-Connection', ok('Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n')],
  ['a field that Connection names', ok('Connection: X-Hop\r\nX-Hop: 1\r\n')],
  ['Trailer without trailers', ok('Trailer: X-Sum\r\n')],
  ['Upgrade with 426', status('426 Upgrade Required', 'Connection: Upgrade\r\nUpgrade: example/1\r\n')],
  ['Alt-Svc and Strict-Transport-Security', ok('Alt-Svc: h3=":443"\r\nStrict-Transport-Security: max-age=1\r\n')],
  ...[
    200, 201, 202, 203, 206, 300, 303, 307, 308, 400, 403, 404, 405, 410, 413, 416, 418, 421, 429, 451, 500, 501, 505, 507, 599,
  ].map((code) => [`status ${code}`, status(`${code} Some Reason`)] as const),
  ['205 with a length of 0', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'],
  ['304 without a length', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'],
  ['another reason phrase', status('200 Fine, thanks')],
  ['HTTP/1.0 with fields', 'HTTP/1.0 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok'],
];

const BODIES: readonly DifferentialResponse[] = [
  { what: 'every byte in a body with a length', send: ok('', ALL_BYTES) },
  { what: 'every byte in a chunk', send: chunks(`100\r\n${ALL_BYTES}\r\n0\r\n\r\n`) },
  { what: 'every byte until the connection ends', send: `HTTP/1.1 200 OK\r\n\r\n${ALL_BYTES}`, then: 'end' },
  { what: 'a long body with a length', send: ok('', 'x'.repeat(200_000)) },
  { what: 'a long body in one chunk', send: chunks(`4e20\r\n${'x'.repeat(20_000)}\r\n0\r\n\r\n`) },
  { what: 'a long body in chunks of 100', send: chunks(`${`64\r\n${'x'.repeat(100)}\r\n`.repeat(200)}0\r\n\r\n`) },
  { what: 'chunks of one byte', send: chunks(`${'1\r\nx\r\n'.repeat(500)}0\r\n\r\n`) },
  { what: 'a chunk size in upper case with leading zeros', send: chunks('000A\r\n0123456789\r\n00\r\n\r\n') },
  { what: 'a chunk extension with a quoted value', send: chunks('2;a="b;c"\r\nok\r\n0;d\r\n\r\n') },
  { what: 'no chunks', send: chunks('0\r\n\r\n') },
  { what: 'Chunked in another case', send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n' },
  { what: 'two lines of one trailer', send: chunks('2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n') },
  { what: 'trailers in mixed case', send: chunks('2\r\nok\r\n0\r\nx-low: 1\r\nX-UP: 2\r\n\r\n') },
  { what: 'a trailer above ASCII', send: chunks('2\r\nok\r\n0\r\nX-Text: \xe4\xff\r\n\r\n') },
  { what: 'a body with a length to HTTP/1.0', request: OLD, send: ok('X-A: 1\r\n') },
  { what: 'HEAD with fields', request: HEAD, send: 'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 20\r\nX-A: 1\r\n\r\n' },
  { what: 'HEAD without a length', request: HEAD, send: 'HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n' },
  { what: 'HEAD with 404', request: HEAD, send: 'HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n' },
  { what: 'a head and its body in two pieces', send: ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 'ok'] },
  { what: 'a body in three pieces', send: [ok('', '').replace('0\r\n\r\n', '6\r\n\r\nab'), 'cd', 'ef'] },
];

const ends = <C extends DifferentialResponse>({ then = 'end', ...c }: C) => ({ ...c, then });

export const RESPONSES: readonly DifferentialResponse[] = [
  // Those in which the backend does not wait for the request depend on timing.
  ...CONTRACT.filter(({ what, on }) => !NOT_COMPARED.has(what) && on === undefined).map(({ what, request, send, then }) =>
    ends({ what, ...(request && { request }), ...(send !== undefined && { send }), ...(then && then !== 'keep' && { then }) }),
  ),
  ...HEADS.map(([what, send]) => ends({ what: `head: ${what}`, send })),
  ...BODIES.map((c) => ends({ ...c, what: `body: ${c.what}` })),
];
