/** What clients may send, the statuses they receive, and the requests that the backend receives. */
import type { Request } from './test-strict.ts';

/** What becomes of a case with one engine of the client's side. */
export interface Exemption extends Pick<RequestCase, 'gets' | 'received'> {
  readonly why: string;
}

export interface RequestCase {
  readonly what: string;
  /** Sent as it is; several pieces are sent one after the other. */
  readonly send: string | readonly string[];
  /** Statuses of the final responses, after which the proxy closes. */
  readonly gets: readonly number[];
  /** Method and target of each request that the backend received. */
  readonly received: readonly string[];
  /** The engines that differ, and why. */
  readonly except?: Readonly<Record<string, Exemption>>;
  readonly check?: (received: readonly Request[]) => boolean;
}

const C = 'Host: a\r\nConnection: close\r\n';
const get = (fields: string, target = '/') => `GET ${target} HTTP/1.1\r\n${C}${fields}\r\n`;
const post = (fields: string, body: string) => `POST / HTTP/1.1\r\n${C}${fields}\r\n${body}`;
const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body);
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** Everything that is malformed, or can be read in two ways. */
const REFUSED: readonly (readonly [what: string, send: string])[] = [
  ['text that is not HTTP', 'hello\r\n\r\n'],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['HTTP/2.0 as a version', `GET / HTTP/2.0\r\n${C}\r\n`],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${C}\r\n`],
  ['a method that is not a token', `G(T / HTTP/1.1\r\n${C}\r\n`],
  ['a tab before the target', `GET\t/ HTTP/1.1\r\n${C}\r\n`],
  ['a space in the target', `GET /a b HTTP/1.1\r\n${C}\r\n`],
  ['white space before the method', ` GET / HTTP/1.1\r\n${C}\r\n`],
  ['NUL in the target', `GET /\0 HTTP/1.1\r\n${C}\r\n`],
  ['a target above ASCII', `GET /\xe4 HTTP/1.1\r\n${C}\r\n`],
  ['* with GET', `GET * HTTP/1.1\r\n${C}\r\n`],
  ['a target without a slash', `GET a HTTP/1.1\r\n${C}\r\n`],
  ['an absolute target with user information', `GET http://me@a/ HTTP/1.1\r\n${C}\r\n`],
  ['an absolute target with another scheme', `GET ftp://a/ HTTP/1.1\r\n${C}\r\n`],
  ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['Host twice', `GET / HTTP/1.1\r\n${C}Host: b\r\n\r\n`],
  ['Host twice, the same', `GET / HTTP/1.1\r\n${C}Host: a\r\n\r\n`],
  ['a list of Hosts', 'GET / HTTP/1.1\r\nHost: a, b\r\nConnection: close\r\n\r\n'],
  ['a space before the first field', `GET / HTTP/1.1\r\n Host: a\r\n\r\n`],
  ['a space before the colon', get('X : 1\r\n')],
  ['a tab before the colon', get('X\t: 1\r\n')],
  ['a space in a name', get('X Y: 1\r\n')],
  ['no name', get(': 1\r\n')],
  ['no colon', get('X\r\n')],
  ['a name above ASCII', get('X\xe4: 1\r\n')],
  ['a name with NUL', get('X\0: 1\r\n')],
  ['a value with NUL', get('X: a\0b\r\n')],
  ['a value with DEL', get('X: a\x7fb\r\n')],
  ['a value with a bell', get('X: a\x07b\r\n')],
  ['a value with a bare CR', get('X: a\rb\r\n')],
  ['a bare CR as line end', `GET / HTTP/1.1\rHost: a\r\r`],
  ['a bare LF after the request line', `GET / HTTP/1.1\n${C}\r\n`],
  ['a bare LF after a field', `GET / HTTP/1.1\r\nHost: a\nConnection: close\r\n\r\n`],
  ['a bare LF after the head', `GET / HTTP/1.1\r\n${C}\n`],
  ['a folded line', get('X: a\r\n b\r\n')],
  ['a folded line with a tab', get('X: a\r\n\tb\r\n')],
  ['a folded Host', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
  ['a folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['Content-Length with Transfer-Encoding', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['Transfer-Encoding with Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['Content-Length twice', post('Content-Length: 2\r\nContent-Length: 3\r\n', 'abc')],
  ['Content-Length twice, the same', post('Content-Length: 2\r\nContent-Length: 2\r\n', 'ab')],
  ['a list of Content-Lengths', post('Content-Length: 2, 2\r\n', 'ab')],
  ['a signed Content-Length', post('Content-Length: +2\r\n', 'ab')],
  ['a negative Content-Length', post('Content-Length: -2\r\n', 'ab')],
  ['a hexadecimal Content-Length', post('Content-Length: 0x2\r\n', 'ab')],
  ['an empty Content-Length', post('Content-Length: \r\n', 'ab')],
  ['a Content-Length with a space', post('Content-Length: 1 2\r\n', 'ab')],
  ['a Content-Length beyond 64 bit', post('Content-Length: 18446744073709551617\r\n', 'ab')],
  ['Transfer-Encoding: identity', post('Transfer-Encoding: identity\r\n', SMUGGLED)],
  ['Transfer-Encoding: gzip', post('Transfer-Encoding: gzip\r\n', SMUGGLED)],
  ['Transfer-Encoding: gzip, chunked', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
  ['Transfer-Encoding: chunked, identity', post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  ['an empty Transfer-Encoding', post('Transfer-Encoding: \r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['xchunked', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['a vertical tab before chunked', post('Transfer-Encoding: \x0bchunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['a no-break space before chunked', post('Transfer-Encoding: \xa0chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['a no-break space after chunked', post('Transfer-Encoding: chunked\xa0\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['quoted chunked', post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['chunked on HTTP/1.0', `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['a chunk size that is not a number', chunked('x\r\nab\r\n0\r\n\r\n')],
  ['a signed chunk size', chunked('+2\r\nab\r\n0\r\n\r\n')],
  ['a chunk size with 0x', chunked('0x2\r\nab\r\n0\r\n\r\n')],
  ['a chunk size beyond 64 bit', chunked('10000000000000002\r\nab\r\n0\r\n\r\n')],
  ['no chunk size', chunked('\r\nab\r\n0\r\n\r\n')],
  ['a space before a chunk size', chunked(' 2\r\nab\r\n0\r\n\r\n')],
  ['a bare LF after a chunk size', chunked('2\nab\r\n0\r\n\r\n')],
  ['a bare LF after a chunk', chunked('2\r\nab\n0\r\n\r\n')],
  ['a chunk longer than its size', chunked('2\r\nabc\r\n0\r\n\r\n')],
  ['a chunk shorter than its size', chunked('3\r\nab\r\n0\r\n\r\n')],
  ['a bare LF in a chunk extension', chunked(`2;a\nb\r\nab\r\n0\r\n\r\n`)],
  ['a trailer with a space before the colon', chunked('0\r\nX : 1\r\n\r\n')],
  ['a trailer that is not a field', chunked('0\r\nX\r\n\r\n')],
  ['a folded trailer', chunked('0\r\nX: 1\r\n 2\r\n\r\n')],
];

const refuses = (why: string) => ({ 'node-http': { gets: [400], received: [], why } });
const METHODS = refuses('node:http knows a list of methods');
const TRAILERS = refuses('the parser of node:http reads framing fields in trailers as if they were in the head');

const FORWARDED: readonly RequestCase[] = [
  {
    what: 'a method that no one knows',
    send: `BREW / HTTP/1.1\r\n${C}\r\n`,
    gets: [200],
    received: ['BREW /'],
    except: METHODS,
  },
  {
    what: 'a method in lower case, which is another one',
    send: `get / HTTP/1.1\r\n${C}\r\n`,
    gets: [200],
    received: ['get /'],
    except: METHODS,
  },
  ...['Content-Length: 5', 'Transfer-Encoding: chunked'].map((field) => ({
    what: `${field} in trailers, where it means nothing, which is dropped`,
    send: chunked(`2\r\nab\r\n0\r\n${field}\r\nX-Sum: 1\r\n\r\n`),
    gets: [200],
    received: ['POST /'],
    check: ([r]: readonly Request[]) => r === undefined || (r.body === 'ab' && r.trailers.length === 1),
    except: TRAILERS,
  })),
  { what: 'a plain request', send: get(''), gets: [200], received: ['GET /'] },
  { what: 'a head in single bytes', send: [...get('X: 1\r\n')], gets: [200], received: ['GET /'] },
  { what: 'several spaces in the request line', send: `GET  /  HTTP/1.1\r\n${C}\r\n`, gets: [200], received: ['GET /'] },
  { what: 'HEAD', send: `HEAD /h HTTP/1.1\r\n${C}\r\n`, gets: [200], received: ['HEAD /h'] },
  { what: 'empty lines before a request', send: `\r\n\r\n${get('')}`, gets: [200], received: ['GET /'] },
  { what: 'no white space after the colon', send: get('X:1\r\n'), gets: [200], received: ['GET /'] },
  {
    what: 'white space around a value',
    send: get('X: \t a b \t\r\n'),
    gets: [200],
    received: ['GET /'],
    check: ([r]) => r?.fields.some(([n, v]) => n === 'x' && v === 'a b') === true,
  },
  { what: 'an empty value', send: get('X:\r\n'), gets: [200], received: ['GET /'] },
  {
    what: 'names of the object prototype',
    send: get('__proto__: a\r\nconstructor: b\r\n'),
    gets: [200],
    received: ['GET /'],
    check: ([r]) => ['__proto__', 'constructor'].every((name) => r?.fields.some(([n]) => n === name)),
  },
  {
    what: 'a value above ASCII',
    send: get('X: \xe4\xff\r\n'),
    gets: [200],
    received: ['GET /'],
    check: ([r]) => r?.fields.some(([n, v]) => n === 'x' && v === '\xe4\xff') === true,
  },
  { what: 'HTTP/1.0', send: 'GET /old HTTP/1.0\r\n\r\n', gets: [200], received: ['GET /old'] },
  {
    what: 'HTTP/1.0 with a body',
    send: 'POST /old HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi',
    gets: [200],
    received: ['POST /old'],
  },
  {
    what: 'HTTP/1.0 with keep-alive',
    send: 'GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n',
    gets: [200, 200],
    received: ['GET /1', 'GET /2'],
  },
  {
    what: 'an absolute target',
    send: get('', 'http://B.example:81/x?y'),
    gets: [200],
    received: ['GET /x?y'],
    check: ([r]) => r?.fields.some(([n, v]) => n === 'host' && v === 'B.example:81') === true,
  },
  { what: 'an absolute target without a path', send: get('', 'http://b?y'), gets: [200], received: ['GET /?y'] },
  { what: 'OPTIONS *', send: `OPTIONS * HTTP/1.1\r\n${C}\r\n`, gets: [200], received: ['OPTIONS *'] },
  { what: 'OPTIONS of a whole server', send: `OPTIONS http://a HTTP/1.1\r\n${C}\r\n`, gets: [200], received: ['OPTIONS *'] },
  {
    what: 'a body with a length',
    send: post('Content-Length: 3\r\n', 'abc'),
    gets: [200],
    received: ['POST /'],
    check: ([r]) => r?.body === 'abc',
  },
  { what: 'a body of no bytes', send: post('Content-Length: 0\r\n', ''), gets: [200], received: ['POST /'] },
  { what: 'POST without a body', send: post('', ''), gets: [200], received: ['POST /'] },
  {
    what: 'GET with a body',
    send: get('Content-Length: 2\r\n') + 'hi',
    gets: [200],
    received: ['GET /'],
    check: ([r]) => r?.body === 'hi',
  },
  {
    what: 'DELETE in chunks',
    send: `DELETE / HTTP/1.1\r\n${C}Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    gets: [200],
    received: ['DELETE /'],
    check: ([r]) => r?.body === SMUGGLED,
  },
  {
    what: 'chunks',
    send: chunked('2\r\nab\r\n00A\r\n0123456789\r\n0\r\n\r\n'),
    gets: [200],
    received: ['POST /'],
    check: ([r]) => r?.body === 'ab0123456789',
  },
  {
    what: 'chunks in single bytes',
    send: [...chunked('2\r\nab\r\n1\r\nc\r\n0\r\n\r\n')],
    gets: [200],
    received: ['POST /'],
    check: ([r]) => r?.body === 'abc',
  },
  {
    what: 'chunk extensions, which are not forwarded',
    send: chunked('2;a=b;c="d"\r\nab\r\n0;e\r\n\r\n'),
    gets: [200],
    received: ['POST /'],
    check: ([r]) => r?.body === 'ab',
  },
  {
    what: 'trailers',
    send: chunked('2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n'),
    gets: [200],
    received: ['POST /'],
    check: ([r]) => r?.trailers.some(([n, v]) => n === 'X-Sum' && v === '1') === true,
  },
  {
    what: 'trailers that belong in a head, which are dropped',
    send: chunked('0\r\nHost: b\r\nAuthorization: x\r\nX-Sum: 1\r\n\r\n'),
    gets: [200],
    received: ['POST /'],
    check: ([r]) => r?.trailers.length === 1,
  },
  {
    what: 'trailers that would hide a field of the proxy, which are dropped',
    send: chunked('0\r\nContent_Length: 5\r\nX_Forwarded_For: x\r\nX_Sum: 1\r\n\r\n'),
    gets: [200],
    received: ['POST /'],
    check: ([r]) => r?.trailers.length === 1 && r.trailers[0]?.[0] === 'X_Sum',
  },
  {
    what: 'names with underscores that hide a field of the proxy, which are dropped',
    send: get(
      'X_Forwarded_For: 1.2.3.4\r\nX-Forwarded_Proto: https\r\nContent_Length: 9\r\nTransfer_Encoding: chunked\r\nX_Mine: 1\r\n',
    ),
    gets: [200],
    received: ['GET /'],
    check: ([r]) => r?.fields.filter(([n]) => n.includes('_')).join() === 'x_mine,1',
  },
  ...['QUERY', 'PROPFIND', 'REPORT', 'SEARCH'].flatMap((method): RequestCase[] => [
    {
      what: `${method} with a body`,
      send: `${method} /q HTTP/1.1\r\n${C}Content-Length: 2\r\n\r\nab`,
      gets: [200],
      received: [`${method} /q`],
      check: ([r]) => r?.body === 'ab',
    },
    {
      what: `${method} with a body in chunks`,
      send: `${method} /q HTTP/1.1\r\n${C}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
      gets: [200],
      received: [`${method} /q`],
      check: ([r]) => r?.body === 'ab',
    },
    {
      what: `${method} without a body: none is announced`,
      send: `${method} /q HTTP/1.1\r\n${C}\r\n`,
      gets: [200],
      received: [`${method} /q`],
      check: ([r]) => r?.fields.some(([n]) => /^(content-length|transfer-encoding)$/i.test(n)) === false,
    },
  ]),
  {
    what: 'fields that Connection names are dropped',
    send: `GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop, X-Forwarded-For, Host\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 3\r\n\r\n`,
    gets: [200],
    received: ['GET /'],
    check: ([r]) =>
      r?.fields.some(([n]) => n === 'x-hop') === false &&
      r.fields.some(([n, v]) => n === 'x-forwarded-for' && v === '127.0.0.1') &&
      r.fields.some(([n, v]) => n === 'host' && v === 'a'),
  },
  {
    what: 'what only a trusted proxy in front may state is replaced',
    send: get(
      'X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: b\r\nForwarded: for=6.6.6.6;proto=https\r\n',
    ),
    gets: [200],
    received: ['GET /'],
    check: ([r]) => {
      const stated = new Map(r?.fields.filter(([n]) => n.includes('forwarded')));
      const [list, proto, host] = ['for', 'proto', 'host'].map((name) => stated.get(`x-forwarded-${name}`));
      return (
        stated.size === 4 && list === '127.0.0.1' && proto === 'http' && host === 'a' && stated.get('x-forwarded-port') !== '443'
      );
    },
  },
  {
    what: 'an Upgrade that the backend does not accept',
    send: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    gets: [200],
    received: ['GET /'],
    check: ([r]) => r?.fields.some(([n, v]) => n === 'upgrade' && v === 'websocket') === true,
  },
  {
    what: 'HTTP/1.0 with both close and keep-alive, which closes',
    send: `GET /1 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n${get('', '/2')}`,
    gets: [200],
    received: ['GET /1'],
  },
  {
    what: 'HTTP/1.0 with keep-alive, and with both in two fields, which closes',
    send: `GET /1 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n`,
    gets: [200, 200],
    received: ['GET /1', 'GET /2'],
  },
  {
    what: 'a head of nearly 64 KiB',
    send: get(`X: ${'x'.repeat(64_000)}\r\n`),
    gets: [200],
    received: ['GET /'],
  },
  { what: '198 fields beside Host and Connection', send: get('X: y\r\n'.repeat(198)), gets: [200], received: ['GET /'] },
];

const ANSWERED: readonly RequestCase[] = [
  { what: 'CONNECT', send: `CONNECT a:443 HTTP/1.1\r\n${C}\r\n`, gets: [405], received: [] },
  { what: 'a head over 64 KiB', send: get(`X: ${'x'.repeat(70_000)}\r\n`), gets: [431], received: [] },
  { what: 'a head over 64 KiB in many fields', send: get(`X: ${'x'.repeat(700)}\r\n`.repeat(100)), gets: [431], received: [] },
  { what: 'a target over 64 KiB', send: get('', `/${'x'.repeat(70_000)}`), gets: [431], received: [] },
  { what: 'a name over 64 KiB', send: get(`${'x'.repeat(70_000)}: 1\r\n`), gets: [431], received: [] },
  { what: 'more than 200 fields', send: get('X: y\r\n'.repeat(199)), gets: [431], received: [] },
  {
    what: 'chunk extensions over 16 KiB',
    send: chunked(`2;${'x'.repeat(20_000)}\r\nab\r\n0\r\n\r\n`),
    gets: [413],
    received: [],
  },
  {
    what: 'trailers over 64 KiB',
    send: chunked(`0\r\n${`X: ${'x'.repeat(700)}\r\n`.repeat(100)}\r\n`),
    gets: [431],
    received: [],
  },
  { what: 'an unknown expectation', send: post('Expect: tea\r\nContent-Length: 2\r\n', 'ab'), gets: [417], received: [] },
  {
    what: 'an unknown expectation in a list',
    send: post('Expect: 100-continue, tea\r\nContent-Length: 2\r\n', 'ab'),
    gets: [417],
    received: [],
  },
  {
    what: 'an unknown expectation before 100-continue in another field',
    send: post('Expect: tea\r\nExpect: 100-continue\r\nContent-Length: 2\r\n', 'ab'),
    gets: [417],
    received: [],
  },
  {
    what: 'an unknown expectation on HTTP/1.0',
    send: 'GET / HTTP/1.0\r\nHost: a\r\nExpect: tea\r\n\r\n',
    gets: [417],
    received: [],
  },
  { what: 'Max-Forwards 0', send: `OPTIONS / HTTP/1.1\r\n${C}Max-Forwards: 0\r\n\r\n`, gets: [204], received: [] },
  {
    what: 'Max-Forwards 0, and a protocol that is not switched to',
    send: 'OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    gets: [204],
    received: [],
  },
  { what: 'the name of this proxy in Via', send: get('Via: 1.1 outrigger-test\r\n'), gets: [508], received: [] },
];

const PIPELINED: readonly RequestCase[] = [
  {
    what: 'three in one piece, in order',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    gets: [200, 200, 200],
    received: ['GET /1', 'POST /2', 'GET /3'],
    check: (received) => received[1]?.body === 'hi',
  },
  {
    what: 'a Content-Length that is too short: the rest is a request',
    send: `POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi${get('', '/2')}`,
    gets: [200, 200],
    received: ['POST /1', 'GET /2'],
  },
  {
    what: 'a Content-Length that is too short: the rest is not a request',
    send: 'POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi there\r\n\r\n',
    gets: [200, 400],
    received: ['POST /1'],
  },
  {
    what: 'a bad request after a good one',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost : a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
    gets: [200, 400],
    received: ['GET /1'],
  },
  {
    what: 'a request without Host after a good one',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
    gets: [200, 400],
    received: ['GET /1'],
  },
  {
    what: 'a bad chunk after a good request',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
    gets: [200, 400],
    received: ['GET /1'],
  },
  {
    what: 'CONNECT after a good request',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nCONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n',
    gets: [200, 405],
    received: ['GET /1'],
  },
  {
    what: 'a request after one that ends the connection',
    send: `${get('', '/1')}${get('', '/2')}`,
    gets: [200],
    received: ['GET /1'],
  },
];

export const REQUESTS: readonly RequestCase[] = [
  ...REFUSED.map(([what, send]) => ({ what, send, gets: [400], received: [] })),
  ...FORWARDED,
  ...ANSWERED,
  ...PIPELINED.map((c) => ({ ...c, what: `pipelined: ${c.what}` })),
];
