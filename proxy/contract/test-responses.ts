/** What backends may answer, and what the client receives. */
import { MISPLACED, SPACED } from './test-chunk-extensions.ts';
import type { Script } from './test-hostile.ts';
import type { Response } from './test-strict.ts';

export interface ResponseCase extends Script {
  readonly what: string;
  /** A GET that ends its connection, unless given. */
  readonly request?: string;
  /** Statuses that the client receives, interim ones included. */
  readonly gets: readonly number[];
  /** The client can see that the last response is not whole. */
  readonly cut?: boolean;
  /** Whether the connection to the backend is reused. */
  readonly reused: boolean;
  readonly check?: (got: readonly Response[]) => boolean;
  /** Why this shows only in the bytes on the client's connection: the case is not tried with a client in memory. */
  readonly bytesOnly?: string;
  /** The engines that differ, and why. */
  readonly except?: Exemptions;
}

interface Exemption extends Pick<ResponseCase, 'gets' | 'cut' | 'reused'> {
  readonly why: string;
}
type Exemptions = Readonly<Record<string, Exemption>>;

const C = 'Host: a\r\nConnection: close\r\n';
const HEAD = `HEAD / HTTP/1.1\r\n${C}\r\n`;
const OLD = 'GET / HTTP/1.0\r\n\r\n';
const ok = (fields: string, body = '') => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
const whole = (body: string, fields = '') => ok(`${fields}Content-Length: ${body.length}\r\n`, body);
const chunks = (body: string, fields = '') => ok(`${fields}Transfer-Encoding: chunked\r\n`, body);
const interim = (status: number, fields = '') => `HTTP/1.1 ${status} Interim\r\n${fields}\r\n`;
/** For one request. */
const MAX_INTERIM = 32;
const NEXT = whole('next');
const body = (text: string) => (got: readonly Response[]) => got.at(-1)?.body === text;
const has = (name: string, value: string) => (got: readonly Response[]) =>
  got.at(-1)?.fields.some(([n, v]) => n === name && v === value) === true;
const lacks = (name: string) => (got: readonly Response[]) =>
  got.at(-1)?.fields.some(([n]) => n.toLowerCase() === name) === false;

const hasAny = ({ fields }: Response, names: readonly string[]) => fields.some(([n]) => names.includes(n.toLowerCase()));

const SKIPS: Exemptions = {
  'http-proxy': { gets: [200], reused: true, why: 'the parser of node:http skips every CR and LF before a response' },
};

const SPACES: Exemptions = {
  'http-proxy': { gets: [502], reused: false, why: 'the parser of node:http refuses white space in chunk extensions' },
};

/** Malformed, or can be read in more than one way: 502, and the connection is not reused. */
const MALFORMED: readonly (readonly [what: string, send: string | readonly string[], except?: Exemptions])[] = [
  ['text that is not HTTP', 'hello\r\n\r\n'],
  ['HTTP/0.9', 'just text'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['status 000', 'HTTP/1.1 000 No\r\nContent-Length: 2\r\n\r\nok'],
  ['status 099', 'HTTP/1.1 099 No\r\nContent-Length: 2\r\n\r\nok'],
  ['a status that is not a number', 'HTTP/1.1 OK 200\r\nContent-Length: 2\r\n\r\nok'],
  ['101 that was not asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ['a bare CR in the reason phrase', 'HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok'],
  ['a bare LF after the status line', 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok'],
  ['a bare LF after a field', 'HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok'],
  ['a bare LF after the head', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok'],
  ['a space before the colon', ok('Content-Length : 2\r\n', 'ok')],
  ['a space in a name', whole('ok', 'X Y: 1\r\n')],
  ['no name', whole('ok', ': 1\r\n')],
  ['no colon', whole('ok', 'X\r\n')],
  ['NUL in a name', whole('ok', 'X\0: 1\r\n')],
  ['NUL in a value', whole('ok', 'X: a\0b\r\n')],
  ['a bare CR in a value', whole('ok', 'X: a\rb\r\n')],
  ['DEL in a value', whole('ok', 'X: a\x7fb\r\n')],
  ['a folded line', whole('ok', 'X: a\r\n b\r\n')],
  ['Content-Length twice', whole('ok', 'Content-Length: 3\r\n')],
  ['Content-Length twice, the same', whole('ok', 'Content-Length: 2\r\n')],
  ['a list of Content-Lengths', ok('Content-Length: 2, 2\r\n', 'ok')],
  ['a signed Content-Length', ok('Content-Length: +2\r\n', 'ok')],
  ['a negative Content-Length', ok('Content-Length: -2\r\n', 'ok')],
  ['an empty Content-Length', ok('Content-Length: \r\n', 'ok')],
  ['a Content-Length beyond 64 bit', ok('Content-Length: 18446744073709551617\r\n', 'ok')],
  ['a Content-Length beyond 53 bit', ok('Content-Length: 9999999999999999999\r\n', 'ok')],
  ['Content-Length with Transfer-Encoding', chunks('0\r\n\r\n', 'Content-Length: 5\r\n')],
  ['Transfer-Encoding with Content-Length', ok('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n')],
  ['Transfer-Encoding: gzip', ok('Transfer-Encoding: gzip\r\n', 'zip')],
  ['Transfer-Encoding: identity', ok('Transfer-Encoding: identity\r\n', 'ok')],
  ['Transfer-Encoding: gzip, chunked', ok('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
  ['Transfer-Encoding: chunked, gzip', ok('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n')],
  ['chunked twice', chunks('0\r\n\r\n', 'Transfer-Encoding: chunked\r\n')],
  ['xchunked', ok('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
  ['chunked on HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ...MISPLACED.map(([where, body]) => [where, chunks(body)] as const),
  ['a bare CR before the status line', `\r${NEXT}`, SKIPS],
  ['an empty line before the status line', `\r\n${NEXT}`, SKIPS],
  ['a chunk size that is not a number, in the first piece', chunks('x\r\nok\r\n0\r\n\r\n')],
  ['a head over 64 KiB', whole('ok', `X: ${'x'.repeat(70_000)}\r\n`)],
  ['1,000 fields', whole('ok', 'X: y\r\n'.repeat(1000))],
];

/** The head was sent to the client, so the client must be able to see that the body is not whole. */
const BROKEN: readonly ResponseCase[] = [
  {
    what: 'a body shorter than its length',
    send: ok('Content-Length: 5\r\n', 'ok'),
    then: 'end',
    gets: [],
    cut: true,
    reused: false,
  },
  {
    what: 'a body that is reset',
    send: [ok('Content-Length: 5\r\n', 'ok'), ''],
    then: 'reset',
    gets: [],
    cut: true,
    reused: false,
  },
  { what: 'chunks without a last one', send: chunks('2\r\nok\r\n'), then: 'end', gets: [], cut: true, reused: false },
  { what: 'half a chunk', send: chunks('5\r\nok'), then: 'end', gets: [], cut: true, reused: false },
  { what: 'half a chunk size', send: chunks('5'), then: 'end', gets: [], cut: true, reused: false },
  { what: 'chunks that are reset', send: [chunks('2\r\nok\r\n'), ''], then: 'reset', gets: [], cut: true, reused: false },
  { what: 'a last chunk that is cut', send: [chunks('2\r\nok\r\n'), '0\r\n'], then: 'end', gets: [], cut: true, reused: false },
  { what: 'a chunk size that is not a number', send: [chunks('2\r\nok\r\n'), 'x\r\n'], gets: [], cut: true, reused: false },
  { what: 'a chunk longer than its size', send: [chunks('2\r\nok\r\n'), '2\r\nabc\r\n'], gets: [], cut: true, reused: false },
  { what: 'a bare LF after a chunk', send: [chunks('2\r\nok\r\n'), '2\r\nab\n0\r\n\r\n'], gets: [], cut: true, reused: false },
  {
    what: 'a trailer that is not a field',
    send: [chunks('2\r\nok\r\n'), '0\r\nX Y\r\n\r\n'],
    gets: [],
    cut: true,
    reused: false,
  },
  {
    what: 'trailers over 64 KiB',
    send: [chunks('2\r\nok\r\n'), `0\r\n${`X: ${'x'.repeat(700)}\r\n`.repeat(100)}\r\n`],
    gets: [],
    cut: true,
    reused: false,
  },
  { what: 'a body without a length that is reset', send: [ok('', 'ok'), ''], then: 'reset', gets: [], cut: true, reused: false },
  {
    what: 'a body shorter than its length, to HTTP/1.0',
    request: OLD,
    bytesOnly: 'framing of HTTP/1.0',
    send: ok('Content-Length: 5\r\n', 'ok'),
    then: 'end',
    gets: [],
    cut: true,
    reused: false,
  },
  {
    what: 'chunks without a last one, to HTTP/1.0',
    request: OLD,
    bytesOnly: 'framing of HTTP/1.0',
    send: [chunks('2\r\nok\r\n'), ''],
    then: 'end',
    gets: [],
    cut: true,
    reused: false,
  },
];

/** Fields that mean something in a head, and with which engines they do in trailers. */
const IN_TRAILERS: readonly (readonly [field: string, except?: Exemptions])[] = [
  ['Connection: close'],
  ['Upgrade: test/1'],
  [
    'Content-Length: 5',
    { 'http-proxy': { gets: [502], reused: false, why: 'the parser of node:http reads it as if it were in the head' } },
  ],
  ['Transfer-Encoding: chunked'],
  ['Keep-Alive: timeout=1'],
];

const WHOLE: readonly ResponseCase[] = [
  { what: 'a length', send: whole('hello'), gets: [200], reused: true, check: body('hello') },
  { what: 'a length, in single bytes', send: [...whole('hello')], gets: [200], reused: true, check: body('hello') },
  { what: 'no body', send: whole(''), gets: [200], reused: true, check: body('') },
  { what: 'chunks', send: chunks('2\r\nab\r\n1\r\nc\r\n0\r\n\r\n'), gets: [200], reused: true, check: body('abc') },
  {
    what: 'chunks in single bytes',
    send: [...chunks('2\r\nab\r\n1\r\nc\r\n0\r\n\r\n')],
    gets: [200],
    reused: true,
    check: body('abc'),
  },
  {
    what: 'chunk extensions, which are not forwarded',
    send: chunks('2;a="b"\r\nab\r\n0;c\r\n\r\n'),
    gets: [200],
    reused: true,
    check: body('ab'),
  },
  ...SPACED.map(([what, text]) => ({
    what,
    send: chunks(text),
    gets: [200],
    reused: true,
    check: body('ab'),
    except: SPACES,
  })),
  {
    what: 'chunks to HTTP/1.0',
    request: OLD,
    bytesOnly: 'framing of HTTP/1.0',
    send: chunks('2\r\nab\r\n1\r\nc\r\n0\r\n\r\n'),
    gets: [200],
    reused: true,
    check: body('abc'),
  },
  {
    what: 'a body until the connection ends',
    send: ok('', 'hello'),
    then: 'end',
    gets: [200],
    reused: false,
    check: body('hello'),
  },
  {
    what: 'a body until the connection ends, to HTTP/1.0',
    request: OLD,
    bytesOnly: 'framing of HTTP/1.0',
    send: ok('', 'hello'),
    then: 'end',
    gets: [200],
    reused: false,
    check: body('hello'),
  },
  {
    what: 'HTTP/1.0',
    send: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    then: 'end',
    gets: [200],
    reused: false,
    check: body('ok'),
  },
  {
    what: 'HTTP/1.0 without a length',
    send: 'HTTP/1.0 200 OK\r\n\r\nok',
    then: 'end',
    gets: [200],
    reused: false,
    check: body('ok'),
  },
  {
    what: 'HTTP/1.0 with keep-alive',
    send: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
    gets: [200],
    reused: true,
  },
  {
    what: 'Connection: close',
    send: whole('ok', 'Connection: close\r\n'),
    then: 'end',
    gets: [200],
    reused: false,
    check: body('ok'),
  },
  {
    what: 'Connection: close, but the connection stays open',
    send: whole('ok', 'Connection: close\r\n'),
    gets: [200],
    reused: false,
    check: body('ok'),
  },
  {
    what: 'HEAD',
    request: HEAD,
    send: ok('Content-Length: 5\r\n'),
    gets: [200],
    reused: true,
    check: has('Content-Length', '5'),
  },
  { what: 'HEAD in chunks', request: HEAD, send: ok('Transfer-Encoding: chunked\r\n'), gets: [200], reused: true },
  { what: 'HEAD with a body', request: HEAD, send: whole('hello'), gets: [200], reused: false },
  {
    what: 'HEAD with a body that arrives later',
    request: HEAD,
    send: [ok('Content-Length: 5\r\n'), 'hello'],
    gets: [200],
    reused: false,
  },
  { what: '204', send: 'HTTP/1.1 204 No Content\r\n\r\n', gets: [204], reused: true },
  { what: '204 with a length of 0', send: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', gets: [204], reused: false },
  { what: '204 with a body', send: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello', gets: [204], reused: false },
  {
    what: '204 in chunks',
    send: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    gets: [204],
    reused: false,
  },
  {
    what: '304 with a length',
    send: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "x"\r\n\r\n',
    gets: [304],
    reused: true,
    check: has('ETag', '"x"'),
  },
  { what: '304 with a body', send: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello', gets: [304], reused: false },
  { what: 'a second response that was not asked for', send: whole('ok') + NEXT, gets: [200], reused: false, check: body('ok') },
  { what: 'a second response that arrives later', send: [whole('ok'), NEXT], gets: [200], reused: false, check: body('ok') },
  {
    what: 'a body longer than its length',
    send: ok('Content-Length: 2\r\n', 'ok and more'),
    gets: [200],
    reused: false,
    check: body('ok'),
  },
  { what: 'an empty reason phrase', send: 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', gets: [200], reused: true },
  { what: 'no reason phrase', send: 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', gets: [200], reused: true },
  { what: 'a reason phrase above ASCII', send: 'HTTP/1.1 200 \xd6K\r\nContent-Length: 2\r\n\r\nok', gets: [200], reused: true },
  { what: 'a reason phrase with NUL', send: 'HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok', gets: [200], reused: true },
  { what: 'a reason phrase with a bell', send: 'HTTP/1.1 200 O\x07K\r\nContent-Length: 2\r\n\r\nok', gets: [200], reused: true },
  { what: 'status 299', send: 'HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok', gets: [299], reused: true },
  { what: 'status 999', send: 'HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok', gets: [999], reused: true },
  { what: 'a value above ASCII', send: whole('ok', 'X: \xe4\xff\r\n'), gets: [200], reused: true, check: has('X', '\xe4\xff') },
  { what: 'an empty value', send: whole('ok', 'X:\r\n'), gets: [200], reused: true, check: has('X', '') },
  { what: 'a head of nearly 64 KiB', send: whole('ok', `X: ${'x'.repeat(64_000)}\r\n`), gets: [200], reused: true },
  {
    what: 'fields that Connection names are dropped',
    send: whole('ok', 'Connection: X-Hop, Content-Length\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\n'),
    gets: [200],
    reused: true,
    check: lacks('x-hop'),
  },
  {
    what: 'an offered Upgrade is dropped',
    send: whole('ok', 'Upgrade: h2c\r\n'),
    gets: [200],
    reused: true,
    check: lacks('upgrade'),
  },
  {
    what: '103',
    send: `HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${whole('ok')}`,
    gets: [103, 200],
    reused: true,
  },
  {
    what: '103 twice, in separate pieces',
    send: [
      'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </b>; rel=preload\r\n\r\n',
      whole('ok'),
    ],
    gets: [103, 103, 200],
    reused: true,
  },
  {
    what: '103 with a malformed Link',
    send: `HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\n${whole('ok')}`,
    gets: [103, 200],
    except: { 'node-http': { gets: [200], reused: true, why: 'node:http checks Link' } },
    reused: true,
  },
  {
    what: '103 to HTTP/1.0',
    request: OLD,
    bytesOnly: 'framing of HTTP/1.0',
    send: `HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${whole('ok')}`,
    gets: [200],
    reused: true,
  },
  {
    what: '100 that the client does not wait for',
    send: `HTTP/1.1 100 Continue\r\n\r\n${whole('ok')}`,
    gets: [200],
    reused: true,
  },
  {
    what: 'fields of an interim response, but for those of the connection and of framing',
    send: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-A: \xe4\r\nConnection: x-hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\n${whole('ok')}`,
    gets: [103, 200],
    reused: true,
    check: ([hints]) =>
      hints?.fields.some(([n, v]) => n === 'Link' && v === '</a>') === true && !hasAny(hints, ['x-hop', 'content-length']),
  },
  {
    what: 'interim responses of every kind, of which 100 is not forwarded',
    send: `${[100, 102, 104, 150, 199].map((status) => interim(status)).join('')}${interim(103, 'Link: </a>; rel=preload\r\n')}${whole('ok')}`,
    gets: [102, 104, 150, 199, 103, 200],
    except: { 'node-http': { gets: [102, 103, 200], reused: true, why: 'node:http can send 102 and 103 only' } },
    reused: true,
    check: body('ok'),
  },
  {
    what: 'interim responses after hints, in separate pieces',
    send: [interim(103, 'Link: </a>; rel=preload\r\n'), interim(100), interim(102, 'X: y\r\n'), whole('ok')],
    gets: [103, 102, 200],
    reused: true,
    check: body('ok'),
  },
  {
    what: 'as many interim responses as are read',
    send: interim(102).repeat(MAX_INTERIM) + whole('ok'),
    gets: [...Array<number>(MAX_INTERIM).fill(102), 200],
    reused: true,
    check: body('ok'),
  },
  {
    what: 'as many hints as are read, to HEAD',
    request: HEAD,
    send: interim(103, 'Link: </a>; rel=preload\r\n').repeat(MAX_INTERIM) + whole(''),
    gets: [...Array<number>(MAX_INTERIM).fill(103), 200],
    reused: true,
  },
  ...IN_TRAILERS.map(([field, except = {}]): ResponseCase => ({
    except,
    what: `${field} in trailers, where it means nothing, which is dropped`,
    send: chunks(`2\r\nok\r\n0\r\n${field}\r\nX-Sum: 1\r\n\r\n`, 'Trailer: X-Sum\r\n'),
    gets: [200],
    reused: true,
    check: (got) => got[0]?.body === 'ok' && got[0].trailers.length === 1,
  })),
  {
    what: 'trailers',
    send: chunks('2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n', 'Trailer: X-Sum\r\n'),
    gets: [200],
    reused: true,
    check: (got) => got[0]?.trailers[0]?.[1] === '1',
  },
  {
    what: 'trailers to HTTP/1.0',
    request: OLD,
    bytesOnly: 'framing of HTTP/1.0',
    send: chunks('2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n', 'Trailer: X-Sum\r\n'),
    gets: [200],
    reused: true,
    check: body('ok'),
  },
  {
    what: 'trailers that belong in a head, which are dropped',
    send: chunks('2\r\nok\r\n0\r\nSet-Cookie: a=b\r\nConnection: close\r\n\r\n'),
    gets: [200],
    reused: true,
  },
];

const NONE: readonly ResponseCase[] = [
  { what: 'closed without a response', then: 'end', gets: [503], reused: false },
  { what: 'reset without a response', then: 'reset', gets: [503], reused: false },
  { what: 'closed before the request', on: 'connect', then: 'end', gets: [503], reused: false },
  { what: 'reset before the request', on: 'connect', then: 'reset', gets: [503], reused: false },
  { what: 'closed within the head', send: 'HTTP/1.1 200 OK\r\nContent-', then: 'end', gets: [503], reused: false },
  { what: 'reset within the head', send: ['HTTP/1.1 200 OK\r\nContent-', ''], then: 'reset', gets: [503], reused: false },
  {
    what: 'closed after an interim response',
    send: 'HTTP/1.1 102 Processing\r\n\r\n',
    then: 'end',
    gets: [102, 503],
    reused: false,
  },
  {
    what: 'one interim response more than are read',
    send: interim(102).repeat(MAX_INTERIM + 1) + NEXT,
    gets: [...Array<number>(MAX_INTERIM).fill(102), 502],
    reused: false,
  },
  {
    what: '101 that was not asked for, after another interim response',
    send: `${interim(102)}${interim(101, 'Upgrade: x\r\n')}`,
    gets: [102, 502],
    reused: false,
  },
];

export const RESPONSES: readonly ResponseCase[] = [
  ...MALFORMED.map(([what, send, except = {}]) => ({ what, send, gets: [502], reused: false, except })),
  ...NONE,
  ...BROKEN,
  ...WHOLE,
];
