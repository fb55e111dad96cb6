/** Bytes that are nearly HTTP, and what must hold for all of them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { endpoint, eventually, startProxy } from '../testing.ts';
import type { TestProxy } from '../testing.ts';
import { assertAnswers, takeConversations, watchAnswers } from './test-answers.ts';
import { talk } from './test-hostile.ts';
import type { HostileBackend } from './test-hostile.ts';
import { OK, servesOn } from './test-engines.ts';
import type { Pair, Stage } from './test-engines.ts';
import { Malformed, readResponses } from './test-strict.ts';

/** `npm test` runs each property with these seeds and a new one; a failure prints seed, path and bytes. */
const SEEDS = [1, 2];
const RUNS = 30;
/** Seconds for which each property runs with new values instead. */
const SECONDS = Number(process.env['OUTRIGGER_FUZZ_SECONDS'] ?? 0);
const SEED = process.env['OUTRIGGER_FUZZ_SEED'];

/** A client that sent an incomplete request leaves after it has received nothing for this long, ms. */
const SILENCE = 15;

/** The bytes of the current case, printed when an exception is not caught. */
let current = '';
process.on('uncaughtExceptionMonitor', () => console.error(`uncaught while fuzzing with ${JSON.stringify(current)}`));

const CRLF = '\r\n';
const mostly = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 12): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: good }, { weight: 1, arbitrary: odd });
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const bytes = (maxLength: number) => fc.array(byte, { maxLength }).map((list) => list.join(''));
const eol = mostly(fc.constant(CRLF), fc.constantFrom('\n', '\r', '', '\r\n ', '\n\r', '\0\r\n'), 40);
const gap = mostly(fc.constant(' '), fc.constantFrom('', '  ', '\t', '\x0b'), 40);
const name = mostly(
  fc.constantFrom('X', 'Accept', 'Cookie', 'TE', 'Trailer', 'Upgrade', 'Via', 'Expect', 'Max-Forwards', 'Keep-Alive'),
  fc.oneof(fc.constantFrom('', 'X ', ' X', 'X:', '__proto__', 'Host', 'X\0'), bytes(3)),
);
const value = mostly(fc.constantFrom('a', '', '0', 'x, y', '100-continue', 'trailers'), bytes(6));
const connection = fc.constantFrom('close', 'keep-alive', 'X', 'Host, close', 'Upgrade', 'Content-Length', 'close, close', '');
const codings = fc.constantFrom('Chunked', 'chunked, chunked', 'gzip', 'identity', 'chunked;a', ' chunked', '"chunked"', '');
const lengths = fc.constantFrom('+1', '-1', '1,1', '0x1', '1 1', '', '99999999999999999999', '1e1');

function message(start: fc.Arbitrary<string>, always: string): fc.Arbitrary<string> {
  const fields = fc.array(fc.tuple(name, mostly(fc.constant(': '), fc.constantFrom(':', ' : ', '')), value, eol), {
    maxLength: 4,
  });
  return fc.tuple(start, eol, fields, fc.option(connection), framed).map(([line, end, list, named, [framing, body]]) => {
    const rest = list.map((field) => field.join('')).join('');
    const hop = named === null ? '' : `Connection: ${named}${CRLF}`;
    return `${line}${end}${always}${rest}${hop}${framing}${CRLF}${body}`;
  });
}

const chunk = fc
  .tuple(
    bytes(5),
    mostly(fc.constant(''), fc.constantFrom(';a=b', ' ;a', '\t;a', '; a', ';a =b', ';a ;b', ';a ', ';', ' ', ';a\n', 'x')),
  )
  .map(([text, extension]) => `${text.length.toString(16)}${extension}${CRLF}${text}${CRLF}`);
const trailers = mostly(
  fc.constant(''),
  fc.constantFrom(
    ...['X: 1', 'Host: b', 'X : 1', 'Content-Length: 3', 'Transfer-Encoding: chunked', 'Connection: close', 'X'].map(
      (field) => `${field}${CRLF}`,
    ),
    `Connection: Upgrade${CRLF}Upgrade: x${CRLF}`,
  ),
  4,
);
/** Framing fields and a body, which mostly fit each other. */
const framed: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.constant(['', ''] as const),
  fc.constant([`Content-Length: 0${CRLF}`, ''] as const),
  bytes(8).map((body) => [`Content-Length: ${body.length}${CRLF}`, body] as const),
  fc.tuple(fc.nat(9), bytes(8)).map(([length, body]) => [`Content-Length: ${length}${CRLF}`, body] as const),
  fc
    .tuple(fc.array(chunk, { maxLength: 3 }), trailers)
    .map(([chunks, fields]) => [`Transfer-Encoding: chunked${CRLF}`, `${chunks.join('')}0${CRLF}${fields}${CRLF}`] as const),
  fc
    .tuple(mostly(lengths, fc.constant('3')), mostly(codings, fc.constant('chunked')), bytes(8))
    .map(([length, coding, body]) => [`Content-Length: ${length}${CRLF}Transfer-Encoding: ${coding}${CRLF}`, body] as const),
  codings.map((coding) => [`Transfer-Encoding: ${coding}${CRLF}`, `0${CRLF}${CRLF}`] as const),
  lengths.map((length) => [`Content-Length: ${length}${CRLF}`, 'x'] as const),
);

const method = mostly(
  fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'),
  fc.constantFrom('CONNECT', 'PRI', 'get', 'BREW', "a!#$%&'*+.^_`|~9", ''),
);
const target = mostly(
  fc.constantFrom('/', '/a?b', '//a'),
  fc.constantFrom('*', 'http://b/c', '/../x', '/%2e%2e', 'a', '/\xff', ''),
  5,
);
const version = mostly(
  fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
  fc.constantFrom('HTTP/2.0', 'HTTP/1.2', 'http/1.1', ''),
  20,
);
/** Before a request: nothing, empty lines, or what is not quite one. */
const before = mostly(fc.constant(''), fc.constantFrom(CRLF, `${CRLF}${CRLF}`, '\r', '\n', '\r\r\n'), 20);
const request = fc.tuple(before, method, gap, target, gap, version).map((parts) => parts.join(''));
const status = mostly(
  fc.constantFrom('200 OK', '204 No', '304 No', '404 No', '503 No'),
  fc.constantFrom('100 C', '103 E', '101 S', '000 X', '99 X', '999 X', '1000 X', ''),
  4,
);
const response = fc.tuple(version, gap, status).map((parts) => parts.join(''));

/** Changes a few bytes at random positions. */
function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.tuple(fc.nat(), fc.nat(8), fc.oneof(bytes(3), fc.constantFrom('\r\n', '\n', '\r\n\r\n', ' ', ':', '0')));
  return fc.tuple(text, fc.array(change, { maxLength: 3 }), fc.boolean()).map(([whole, changes, at]) => {
    if (!at) return whole;
    return changes.reduce((now, [where, gone, put]) => {
      const from = where % (now.length + 1);
      return now.slice(0, from) + put + now.slice(from + gone);
    }, whole);
  });
}

/** Split into pieces, which are sent one after the other. */
function pieces(text: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc.tuple(text, fc.array(fc.nat(), { maxLength: 2 })).map(([whole, cuts]) => {
    const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
    return at.slice(1).map((to, i) => whole.slice(at[i], to));
  });
}

export const requests = pieces(
  mutated(fc.array(message(request, `Host: a${CRLF}`), { minLength: 1, maxLength: 3 }).map((list) => list.join(''))),
);
export const responses = pieces(
  mutated(fc.array(message(response, ''), { minLength: 1, maxLength: 2 }).map((list) => list.join(''))),
);

/** The proxy and backend of a fuzz run; kept over many cases, since no case may affect the next. */
export async function fuzzStage(pair: Pair): Promise<Stage> {
  const { backend, createUpstream } = await pair.upstream.openBackend(OK);
  const retry = { attempts: 0 };
  const passive = { consecutiveConnectFailures: 1000, baseEjectionTime: 1, maxEjectionPercent: 0 };
  const part = { healthCheck: { passive } };
  const own = { ...pair.downstream.spec, ...(createUpstream && { createUpstream }) };
  const proxy = await startProxy({ endpoints: [endpoint(backend.port)], retry, part, ...own });
  // node:http skips what is no line end before a request, so that there are more requests than a strict reader finds.
  if (pair.downstream.name !== 'node-http') watchAnswers(proxy.port);
  return { backend, proxy };
}

async function quiet({ proxy }: Stage): Promise<void> {
  const listener = proxy.runtime.listeners.get(proxy.port)?.listener;
  await eventually(() => listener?.connections === 0, 8000);
  const active = /outrigger_endpoint_active_requests\{[^}]*\} (\d+)/.exec(await proxy.metrics())?.[1];
  assert.equal(active, '0', 'attempts in progress');
}

function reset(proxy: TestProxy, backend: HostileBackend): void {
  proxy.records.length = proxy.earlyReplies.length = 0;
  takeConversations(proxy.port);
  backend.forget();
}

/** Whatever a client sends: the backend receives whole requests, exactly those that the proxy recorded. */
export async function tryRequest(s: Stage, send: readonly string[]): Promise<void> {
  const { proxy, backend } = s;
  reset(proxy, backend);
  current = send.join('');
  backend.script = OK;
  const { text, ended } = await talk(proxy.port, { send, silence: SILENCE });
  await quiet(s);
  takeConversations(proxy.port).forEach(assertAnswers);
  const received = backend.requests();
  const sent = proxy.records.filter((r) => r.tries > 0);
  const answered = sent.filter((r) => r.reason === undefined && r.end.how === 'whole');
  const described = JSON.stringify({ received: received.map((r) => r.start), text });
  assert.ok(answered.length <= received.length && received.length <= sent.length, described);
  for (const [i, r] of received.entries()) {
    const recorded = sent[i]?.exchange.request;
    assert.deepEqual([r.method, r.target], [recorded?.method, recorded?.target], described);
  }
  const { messages, rest } = readResponses(text, [], ended === 'closed');
  if (ended !== 'closed') return;
  assert.equal(rest, '', 'a response that is cut');
  const replies = proxy.records.filter(({ end }) => end.how === 'whole').length + proxy.earlyReplies.length;
  assert.equal(messages.filter((m) => m.status >= 200).length, replies, described);
  assert.ok(messages.filter((m) => m.status === 200 && m.body === 'ok').length >= answered.length, described);
}

/** Whatever a backend answers: the client receives a well-formed message, and the next request receives none of it. */
export async function tryResponse(s: Stage, send: readonly string[], then: 'end' | 'keep'): Promise<void> {
  const { proxy, backend } = s;
  reset(proxy, backend);
  current = send.join('');
  backend.script = { send, then };
  const plain = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  const meant = strictly(current, then === 'end');
  // If the backend's answer has an end, the client must receive one.
  const waits = meant === undefined && then === 'keep' ? { silence: SILENCE } : {};
  const { text, ended } = await talk(proxy.port, { send: plain, ...waits });
  takeConversations(proxy.port).forEach(assertAnswers);
  const { messages, rest } = readResponses(text, ['GET'], ended === 'closed');
  assert.ok(rest === '' || ended !== 'closed' || proxy.records[0]?.end.how !== 'whole', text);
  if (meant) assert.deepEqual([messages.at(-1)?.status, messages.at(-1)?.body], [meant.status, meant.body], text);
  // Bytes that arrive unasked while a request goes out cannot be distinguished from its response: not tried here.
  await eventually(() => backend.playing === 0);
  await new Promise((resolve) => setTimeout(resolve, 2));
  await servesOn(s);
}

/** The final response in these bytes, if they can be read in one way only. */
function strictly(text: string, closed: boolean): { status: number; body: string } | undefined {
  try {
    const { messages, rest } = readResponses(text, ['GET'], closed);
    const finals = messages.filter((m) => m.status >= 200);
    const [only, more] = finals;
    return rest === '' && more === undefined && only === messages.at(-1) && !messages.some((m) => m.status === 101)
      ? only
      : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** Runs a property as often as the environment says. */
export async function fuzz<T extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<T>): Promise<void> {
  if (SECONDS > 0) {
    const long = {
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: SECONDS * 1000,
      ...(SEED !== undefined && { seed: Number(SEED) }),
    };
    return void (await fc.assert(property, long));
  }
  const seeds = SEED === undefined ? [...SEEDS, Date.now() % 2 ** 31] : [Number(SEED)];
  for (const seed of seeds) await fc.assert(property, { numRuns: RUNS, seed });
}
