/** Everything that can become of a request, and what the client gets: the record must say the same. */
import { closedPort, endpoint } from '../testing.ts';
import type { ProxySpec } from '../testing.ts';
import type { Client, Script } from './test-hostile.ts';
import { OK } from './test-engines.ts';
import type { End } from '../message/exchange.ts';

export interface OutcomeCase {
  readonly what: string;
  readonly send: string;
  readonly client?: Omit<Client, 'send'>;
  readonly backend?: Script;
  readonly spec?: Partial<ProxySpec> | (() => Promise<Partial<ProxySpec>>);
  /** The last status that the client gets; undefined: none. */
  readonly gets: number | undefined;
  /** The status that is recorded, unless it is that of `gets`. */
  readonly records?: number;
  /** How the recorded exchange ended; `early`: there was no exchange. */
  readonly how: End['how'] | 'early';
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const HEAD = GET.replace('GET', 'HEAD');
const OLD = 'GET / HTTP/1.0\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const HANGS: Script = {};
const answer = (line: string, fields: string, body = '') => `HTTP/1.1 ${line}\r\n${fields}\r\n${body}`;
const of = (body: string) => answer('200 OK', `Content-Length: ${body.length}\r\n`, body);
const half = answer('200 OK', 'Content-Length: 9\r\n', 'half');
const fallback = (statusCode: number, body: string): Partial<ProxySpec> => ({
  endpoints: [],
  route: { fallback: { type: 'Response', statusCode, contentType: 'text/plain', body } },
});

const RESPONSES: readonly OutcomeCase[] = [
  { what: 'a response', send: GET, backend: { send: of('hello') }, gets: 200, how: 'whole' },
  { what: 'a response in chunks', send: GET, backend: { send: chunks('') }, gets: 200, how: 'whole' },
  { what: 'a response in chunks with trailers', send: GET, backend: { send: chunks('X-Sum: 1\r\n') }, gets: 200, how: 'whole' },
  {
    what: 'a response to HEAD',
    send: HEAD,
    backend: { send: answer('200 OK', 'Content-Length: 9\r\n') },
    gets: 200,
    how: 'whole',
  },
  { what: 'a 204', send: GET, backend: { send: answer('204 No Content', '') }, gets: 204, how: 'whole' },
  { what: 'a 304', send: GET, backend: { send: answer('304 Not Modified', 'Content-Length: 9\r\n') }, gets: 304, how: 'whole' },
  { what: 'a response to HTTP/1.0', send: OLD, backend: { send: chunks('') }, gets: 200, how: 'whole' },
  { what: 'early hints and a response', send: GET, backend: { send: `${hints()}${of('x')}` }, gets: 200, how: 'whole' },
  {
    what: 'a status beyond 599',
    send: GET,
    backend: { send: answer('777 Odd', 'Content-Length: 0\r\n') },
    gets: 777,
    how: 'whole',
  },
  { what: 'a response that breaks off', send: GET, backend: { send: half, then: 'end' }, gets: 200, how: 'upstream-broke' },
  { what: 'one that is reset', send: GET, backend: { send: [half, ''], then: 'reset' }, gets: 200, how: 'upstream-broke' },
  { what: 'chunks that break off', send: GET, backend: { send: cutChunks(), then: 'end' }, gets: 200, how: 'upstream-broke' },
  { what: 'one that breaks off, to HTTP/1.0', send: OLD, backend: { send: half, then: 'end' }, gets: 200, how: 'upstream-broke' },
  {
    what: 'a response that takes longer than the request may',
    send: GET,
    backend: { send: half },
    spec: { timeouts: { request: 300 } },
    gets: 200,
    how: 'deadline',
  },
  {
    what: 'a response kept for a retry',
    send: GET,
    backend: { send: answer('503 Busy', 'Content-Length: 4\r\n', 'busy') },
    spec: { retry: { attempts: 1, backOff: { base: 1, max: 1 } } },
    gets: 503,
    how: 'whole',
  },
  {
    what: 'a tunnel that its client resets',
    send: UPGRADE,
    client: { until: /hello$/, leave: 'reset' },
    backend: { tunnel: (socket) => socket.write(`${switching()}hello`) },
    gets: 101,
    how: 'client-gone',
  },
  {
    what: 'a tunnel that its backend ends',
    send: UPGRADE,
    backend: { tunnel: (socket) => socket.end(`${switching()}hello`) },
    client: { silence: 300, leave: 'end' },
    gets: 101,
    how: 'whole',
  },
];

const REPLIES: readonly OutcomeCase[] = [
  { what: 'no endpoint', send: GET, spec: { endpoints: [] }, gets: 503, how: 'whole' },
  { what: 'no endpoint, to HEAD', send: HEAD, spec: { endpoints: [] }, gets: 503, how: 'whole' },
  { what: 'no endpoint, to HTTP/1.0', send: OLD, spec: { endpoints: [] }, gets: 503, how: 'whole' },
  { what: 'no connection', send: GET, spec: refusing, gets: 503, how: 'whole' },
  { what: 'a reset', send: GET, backend: { then: 'reset' }, gets: 503, how: 'whole' },
  { what: 'a malformed response', send: GET, backend: { send: 'hello\r\n\r\n' }, gets: 502, how: 'whole' },
  { what: 'a timeout', send: GET, backend: HANGS, spec: { timeouts: { idle: 200 } }, gets: 504, how: 'whole' },
  { what: 'a fallback response', send: GET, spec: fallback(200, 'sorry'), gets: 200, how: 'whole' },
  { what: 'a fallback response to HEAD', send: HEAD, spec: fallback(503, 'sorry'), gets: 503, how: 'whole' },
  { what: 'a fallback without a body', send: GET, spec: fallback(503, ''), gets: 503, how: 'whole' },
  {
    what: 'a fallback redirect',
    send: GET,
    spec: { endpoints: [], route: { fallback: { type: 'Redirect', statusCode: 302, url: 'http://b/' } } },
    gets: 302,
    how: 'whole',
  },
  {
    what: 'a redirect',
    send: GET,
    spec: { route: { requestRedirect: { statusCode: 301, hostname: 'b' } } },
    gets: 301,
    how: 'whole',
  },
  { what: 'no route', send: GET, spec: { route: { hostnames: ['b'] } }, gets: 404, how: 'whole' },
  { what: 'no route, to HEAD', send: HEAD, spec: { route: { hostnames: ['b'] } }, gets: 404, how: 'whole' },
];

/** The request in progress is refused. */
const REFUSALS: readonly OutcomeCase[] = [
  {
    what: 'a body that stalls',
    send: `${POST}Content-Length: 9\r\n\r\nhalf`,
    backend: HANGS,
    spec: { timeouts: { idle: 200 } },
    gets: 408,
    how: 'whole',
  },
  { what: 'a malformed chunk', send: `${CHUNKED}4\r\nhalf\r\nx\r\n`, backend: HANGS, gets: 400, how: 'whole' },
  {
    what: 'large chunk extensions',
    send: `${CHUNKED}4;${'x'.repeat(20_000)}\r\nhalf\r\n`,
    backend: HANGS,
    gets: 413,
    how: 'whole',
  },
  {
    what: 'a malformed chunk after the response has begun',
    send: CHUNKED,
    client: { awaits: /half/, rest: 'x\r\n' },
    backend: { on: 'head', send: half },
    gets: 200,
    how: 'client-gone',
  },
];

/** No exchange was made. */
const EARLY: readonly OutcomeCase[] = [
  { what: 'text that is not HTTP', send: 'hello\r\n\r\n', gets: 400, how: 'early' },
  { what: 'no Host', send: 'GET /x?secret HTTP/1.1\r\n\r\n', gets: 400, how: 'early' },
  { what: 'no Host, to HEAD', send: 'HEAD /x HTTP/1.1\r\n\r\n', gets: 400, how: 'early' },
  { what: 'CONNECT', send: 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', gets: 405, how: 'early' },
  { what: 'a slow head', send: 'GET / HTTP/1.1\r\nX', spec: { limits: { headTimeout: 100 } }, gets: 408, how: 'early' },
  { what: 'an unknown expectation', send: `${POST}Expect: x\r\nContent-Length: 1\r\n\r\n`, gets: 417, how: 'early' },
  { what: 'a large head', send: GET.replace('\r\n\r\n', `\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`), gets: 431, how: 'early' },
  { what: 'a loop', send: GET.replace('\r\n\r\n', '\r\nVia: 1.1 outrigger-test\r\n\r\n'), gets: 508, how: 'early' },
  { what: 'OPTIONS for the proxy itself', send: `${forProxy('OPTIONS')}`, gets: 204, how: 'early' },
  { what: 'TRACE for the proxy itself', send: `${forProxy('TRACE')}`, gets: 200, how: 'early' },
];

/** The client leaves. */
const LEAVING: readonly OutcomeCase[] = (['end', 'reset'] as const).flatMap((leave): OutcomeCase[] => [
  {
    what: `leaves without a response, by ${leave}`,
    send: GET,
    client: { silence: 50, leave },
    backend: HANGS,
    gets: undefined,
    records: 499,
    how: 'client-gone',
  },
  {
    what: `leaves in an upload, by ${leave}`,
    send: `${POST}Content-Length: 9\r\n\r\nhalf`,
    client: { silence: 50, leave },
    backend: HANGS,
    gets: undefined,
    records: 499,
    how: 'client-gone',
  },
  {
    what: `leaves in a response, by ${leave}`,
    send: GET,
    client: { until: /half$/, leave },
    backend: { send: half },
    gets: 200,
    how: 'client-gone',
  },
  {
    what: `leaves while a response is kept for a retry, by ${leave}`,
    send: GET,
    client: { silence: 100, leave },
    backend: { send: answer('503 Busy', 'Content-Length: 4\r\n', 'busy') },
    spec: { retry: { attempts: 1, backOff: { base: 1000, max: 1000 } } },
    gets: undefined,
    records: 499,
    how: 'client-gone',
  },
]);

export const OUTCOMES: readonly OutcomeCase[] = [...RESPONSES, ...REPLIES, ...REFUSALS, ...EARLY, ...LEAVING].map((c) => ({
  backend: OK,
  ...c,
}));

function chunks(trailers: string): string {
  return answer('200 OK', 'Transfer-Encoding: chunked\r\n', `2\r\nab\r\n1\r\nc\r\n0\r\n${trailers}\r\n`);
}

function cutChunks(): string {
  return answer('200 OK', 'Transfer-Encoding: chunked\r\n', '4\r\nhalf\r\n');
}

function hints(): string {
  return 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n';
}

function switching(): string {
  return 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
}

function forProxy(method: string): string {
  return `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nMax-Forwards: 0\r\n\r\n`;
}

async function refusing(): Promise<Partial<ProxySpec>> {
  return { endpoints: [endpoint(await closedPort())] };
}
