/** What clients may send, the statuses they receive, and the requests that the backend receives. */
import { SPACED } from './test-chunk-extensions.ts';
import { MALFORMED } from './test-malformed-requests.ts';
import { PIPELINED } from './test-pipelined-requests.ts';
import { C, chunked, get, post, SMUGGLED } from './test-request-case.ts';
import type { RequestCase } from './test-request-case.ts';
import type { Request } from './test-strict.ts';

const refuses = (why: string) => ({ 'node-http': { gets: [400], received: [], why } });
const METHODS = refuses('node:http knows a list of methods');
const TRAILERS = refuses('the parser of node:http reads framing fields in trailers as if they were in the head');

const SPACES = refuses('the parser of node:http refuses white space in chunk extensions');

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
  {
    what: 'any token as a method, with a body',
    send: `A-b!#$%&'*+.^_\`|~9 / HTTP/1.1\r\n${C}Content-Length: 2\r\n\r\nab`,
    gets: [200],
    received: ["A-b!#$%&'*+.^_`|~9 /"],
    check: ([r]) => r === undefined || r.body === 'ab',
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
    check: ([r]) => r?.fields.some(([n, v]) => n === 'X' && v === 'a b') === true,
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
    check: ([r]) => r?.fields.some(([n, v]) => n === 'X' && v === '\xe4\xff') === true,
  },
  {
    what: 'names in any case, repeated',
    send: get('X-UPPER: 1\r\naccept: x\r\nAccept: y\r\nCookie: a=1\r\nX-Last: 2\r\nCookie: b=2\r\n'),
    gets: [200],
    received: ['GET /'],
    check: ([r]) => keepsLines(r?.fields ?? []),
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
  ...SPACED.map(([what, body]) => ({
    what,
    send: chunked(body),
    gets: [200],
    received: ['POST /'],
    check: ([r]: readonly Request[]) => r === undefined || r.body === 'ab',
    except: SPACES,
  })),
  {
    what: 'TE: trailers, alone or in a list',
    send: get('TE: gzip;q=0.5 ,\ttrailers\r\n'),
    gets: [200],
    received: ['GET /'],
    check: ([r]) => hasField(r, 'te', 'trailers') && hasField(r, 'connection', 'TE'),
  },
  {
    what: 'TE without trailers',
    send: get('TE: gzip\r\nTE: trailersx\r\n'),
    gets: [200],
    received: ['GET /'],
    check: ([r]) => r?.fields.some(([n]) => n.toLowerCase() === 'te') === false,
  },
  {
    what: 'Trailer, with the trailers',
    send: post('Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n', '0\r\nX-Sum: 1\r\n\r\n'),
    gets: [200],
    received: ['POST /'],
    check: ([r]) => hasField(r, 'trailer', 'X-Sum') && r?.trailers.length === 1,
  },
  {
    what: 'Trailer without a body in chunks',
    send: post('Trailer: X-Sum\r\nContent-Length: 2\r\n', 'hi'),
    gets: [200],
    received: ['POST /'],
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
    check: ([r]) => r?.fields.filter(([n]) => n.includes('_')).join() === 'X_Mine,1',
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
      r?.fields.some(([n]) => n.toLowerCase() === 'x-hop') === false &&
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
      const stated = new Map(r?.fields.filter(([n]) => n.toLowerCase().includes('forwarded')));
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

export const REQUESTS: readonly RequestCase[] = [
  ...MALFORMED.map(([what, send, except = {}]) => ({ what, send, gets: [400], received: [], except })),
  ...FORWARDED,
  ...ANSWERED,
  ...PIPELINED.map((c) => ({ ...c, what: `pipelined: ${c.what}` })),
];

function hasField(r: Request | undefined, name: string, value: string): boolean {
  return r?.fields.some(([n, v]) => n.toLowerCase() === name && v === value) === true;
}

/** http-proxy-3 writes lines of one field one after the other, with the name of the first, and cookies in one line. */
function keepsLines(fields: Request['fields']): boolean {
  const of = (name: string) => fields.filter(([n]) => n.toLowerCase() === name).map(([, value]) => value);
  const names = fields.map(([name]) => name);
  return (
    names.includes('X-UPPER') &&
    names.includes('X-Last') &&
    of('accept').join() === 'x,y' &&
    of('cookie').join('; ') === 'a=1; b=2'
  );
}
