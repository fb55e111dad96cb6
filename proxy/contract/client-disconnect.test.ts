/** Clients that leave, at each point and in both ways: what is in progress for them ends, and nothing else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../testing.ts';
import type { TestProxy } from '../testing.ts';
import { talk } from './test-hostile.ts';
import type { Client, HostileBackend, Script } from './test-hostile.ts';
import { OK, PAIRS, stage } from './test-engines.ts';
import type { Pair } from './test-engines.ts';

interface LeavingCase {
  readonly what: string;
  readonly backend: Script;
  readonly client: Client;
  /** How each of the accepted requests ended. */
  readonly ends: readonly string[];
  /** The backend received part of a request. */
  readonly partly?: boolean;
  /** Engines of the client's side, each with the ways of leaving that it notices only when it writes the response. */
  readonly unnoticed?: Unnoticed;
}

type Leave = 'end' | 'reset';
type Unnoticed = Readonly<Record<string, readonly Leave[]>>;

const AT_ONCE = /^/;
const HANGS: Script = {};
/** Within this long after the client has left, another one can have its connection, ms. */
const FREE_MS = 1000;
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';

interface SentLast {
  readonly what: string;
  readonly rest: string;
  /** After a request that may be followed by others, and after one that may not. */
  readonly unnoticed?: { readonly keepAlive?: Unnoticed; readonly last?: Unnoticed };
}

/** node:http reads nothing more after a refusal, and after what follows the last request. */
const PAUSED: Unnoticed = { 'node-http': ['end', 'reset'] };
/** What follows a request; a client sends it last. */
const SENT_LAST: readonly SentLast[] = [
  { what: 'a whole request', rest: 'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n', unnoticed: { last: PAUSED } },
  { what: 'a part of a request', rest: 'GET /2 HT', unnoticed: { keepAlive: { 'node-http': ['end'] }, last: PAUSED } },
  { what: 'empty lines', rest: '\r\n\r\n' },
  { what: 'a CR', rest: '\r' },
  { what: 'what is no request', rest: 'nonsense\r\n\r\n', unnoticed: { keepAlive: PAUSED, last: PAUSED } },
  {
    what: 'more than is read ahead',
    rest: `POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`,
    // Its end is behind bytes that stay in the socket.
    unnoticed: { keepAlive: { ...PAUSED, http1: ['end'] }, last: PAUSED },
  },
];

function leavingAfter({ what, rest, unnoticed = {} }: SentLast): LeavingCase[] {
  const keepAlive = `GET /1 HTTP/1.1\r\nHost: a\r\n\r\n${rest}`;
  const last = `GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${rest}`;
  return [
    {
      what: `waiting for the response, having sent ${what}`,
      backend: HANGS,
      client: { send: keepAlive, until: AT_ONCE },
      ends: ['client-gone'],
      ...(unnoticed.keepAlive && { unnoticed: unnoticed.keepAlive }),
    },
    {
      what: `waiting for the response to its last request, having sent ${what}`,
      backend: HANGS,
      client: { send: last, until: AT_ONCE },
      ends: ['client-gone'],
      ...(unnoticed.last && { unnoticed: unnoticed.last }),
    },
    {
      what: `after the response to its last request, having sent ${what}`,
      backend: OK,
      client: { send: last, until: /ok$/ },
      ends: ['whole'],
    },
    {
      what: `after a refusal, having sent ${what}`,
      backend: OK,
      client: { send: `GET /../1 HTTP/1.1\r\nHost: a\r\n\r\n${rest}`, until: /\r\n\r\n[^]/ },
      ends: [],
    },
  ];
}

const CASES: readonly LeavingCase[] = [
  { what: 'before a byte', backend: OK, client: { send: '', until: AT_ONCE }, ends: [] },
  { what: 'in the request line', backend: OK, client: { send: 'GET /', until: AT_ONCE }, ends: [] },
  { what: 'in the head', backend: OK, client: { send: 'GET / HTTP/1.1\r\nHost: a\r\nX', until: AT_ONCE }, ends: [] },
  {
    what: 'waiting for the response',
    backend: HANGS,
    client: { send: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', until: AT_ONCE },
    ends: ['client-gone'],
  },
  {
    what: 'in an upload with a length',
    backend: HANGS,
    client: { send: `${POST}Content-Length: 100\r\n\r\nhalf`, until: AT_ONCE },
    ends: ['client-gone'],
    partly: true,
  },
  {
    what: 'in an upload in chunks',
    backend: HANGS,
    client: { send: `${POST}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`, until: AT_ONCE },
    ends: ['client-gone'],
    partly: true,
  },
  {
    what: 'instead of a body, after 100 (Continue)',
    backend: { atHead: 'HTTP/1.1 100 Continue\r\n\r\n' },
    client: { send: `${POST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`, until: /100 Continue/ },
    ends: ['client-gone'],
    partly: true,
  },
  {
    what: 'after early hints',
    backend: { send: 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n' },
    client: { send: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', until: /103 Early/ },
    ends: ['client-gone'],
  },
  {
    what: 'in a response with a length',
    backend: { send: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf' },
    client: { send: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', until: /half/ },
    ends: ['client-gone'],
  },
  {
    what: 'in a response in chunks',
    backend: { send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n' },
    client: { send: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', until: /half/ },
    ends: ['client-gone'],
  },
  {
    what: 'in a response that comes during an upload',
    backend: { on: 'head', send: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf' },
    client: { send: `${POST}Content-Length: 100\r\n\r\nhalf`, until: /half/ },
    ends: ['client-gone'],
    partly: true,
  },
  {
    what: 'between requests',
    backend: OK,
    client: { send: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', until: /ok$/ },
    ends: ['whole'],
  },
  {
    what: 'between pipelined requests, of which the second waits',
    backend: { send: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf' },
    client: { send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n', until: /half/ },
    ends: ['client-gone'],
  },
  ...SENT_LAST.flatMap(leavingAfter),
  {
    what: 'between pipelined requests, of which the second is incomplete',
    backend: OK,
    client: { send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HT', until: /ok$/ },
    ends: ['whole'],
  },
];

for (const pair of PAIRS) {
  describe(`${pair.name}: a client leaves`, () => {
    for (const c of CASES) {
      for (const leave of ['end', 'reset'] as const) {
        if (c.unnoticed?.[pair.downstream.name]?.includes(leave) === true)
          test(`${c.what}, by ${leave}: noticed when the response is written`, () => leavesUnnoticed(pair, c, leave));
        else test(`${c.what}, by ${leave}`, () => leaves(pair, c, leave));
      }
    }
  });
}

function leaves(pair: Pair, c: LeavingCase, leave: Leave): Promise<void> {
  return stage(pair, c.backend, { timeouts: { idle: 60_000 } }, async ({ proxy, backend }) => {
    await leaveAsSaid(c, leave, proxy, backend);
    const left = performance.now();
    await eventually(() => slotsInUse(proxy) === 0, 2 * FREE_MS);
    assert.ok(performance.now() - left < FREE_MS, `its slot was free after ${performance.now() - left} ms`);
    await eventually(() => proxy.records.length === c.ends.length, 2000);
    assert.deepEqual(
      proxy.records.map((r) => r.end.how),
      c.ends,
    );
    assert.equal(backend.rest() !== '', c.partly === true, backend.rest());
    assert.ok(backend.requests().every((r) => r.target !== '/2'));
    if (c.ends[0] === 'client-gone') await eventually(() => backend.open() === 0, 1000);
  });
}

/** An exemption: the slot is in use until the request is over. */
function leavesUnnoticed(pair: Pair, c: LeavingCase, leave: Leave): Promise<void> {
  const request = 200;
  return stage(pair, c.backend, { timeouts: { request } }, async ({ proxy, backend }) => {
    await leaveAsSaid(c, leave, proxy, backend);
    await eventually(() => slotsInUse(proxy) === 0 || proxy.records.length > 0);
    assert.equal(proxy.records[0]?.status, 504);
    await eventually(() => slotsInUse(proxy) === 0);
  });
}

async function leaveAsSaid(c: LeavingCase, leave: Leave, proxy: TestProxy, backend: HostileBackend): Promise<void> {
  const when = c.ends[0] === 'client-gone' ? requestReceived(backend) : undefined;
  await talk(proxy.port, { ...c.client, leave, ...(when && { until: c.client.until ?? AT_ONCE, when }) });
}

function slotsInUse(proxy: TestProxy): number | undefined {
  return proxy.runtime.listeners.get(proxy.port)?.listener.connections;
}

/** Whether the backend has received the request, or the part of it that was sent. */
function requestReceived(backend: { requests(): unknown[]; rest(): string }): () => boolean {
  return () => backend.requests().length > 0 || /\r\n\r\n(?:4\r\n)?half|100-continue/.test(backend.rest());
}
