/** Clients that leave, at each point and in both ways: what is in progress for them ends, and nothing else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../testing.ts';
import { talk } from './test-hostile.ts';
import type { Client, Script } from './test-hostile.ts';
import { OK, PAIRS, stage } from './test-engines.ts';

interface LeavingCase {
  readonly what: string;
  readonly backend: Script;
  readonly client: Client;
  /** How each of the accepted requests ended. */
  readonly ends: readonly string[];
  /** The backend received part of a request. */
  readonly partly?: boolean;
}

const AT_ONCE = /^/;
const HANGS: Script = {};
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
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
        test(`${c.what}, by ${leave}`, () =>
          stage(pair, c.backend, { timeouts: { idle: 60_000 } }, async ({ proxy, backend }) => {
            const started = performance.now();
            const before = c.ends[0] === 'client-gone' ? requestReceived(backend) : undefined;
            const talking = talk(proxy.port, {
              ...c.client,
              leave,
              ...(before && { until: c.client.until ?? AT_ONCE, when: before }),
            });
            await talking;
            await eventually(() => proxy.records.length === c.ends.length, 2000);
            assert.deepEqual(
              proxy.records.map((r) => r.end.how),
              c.ends,
            );
            assert.ok(performance.now() - started < 5000, 'long before the idle timeout');
            assert.equal(backend.rest() !== '', c.partly === true, backend.rest());
            assert.ok(backend.requests().every((r) => r.target !== '/2'));
            if (c.ends[0] === 'client-gone') await eventually(() => backend.open() === 0, 1000);
          }));
      }
    }
  });
}

/** Whether the backend has received the request, or the part of it that was sent. */
function requestReceived(backend: { requests(): unknown[]; rest(): string }): () => boolean {
  return () => backend.requests().length > 0 || /\r\n\r\n(?:4\r\n)?half|100-continue/.test(backend.rest());
}
