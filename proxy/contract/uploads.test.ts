/** Request bodies: 100 (Continue), answers before their end, and a whole answer for a client that is still writing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endpoint, eventually } from '../testing.ts';
import { talk } from './test-hostile.ts';
import type { Client, Script } from './test-hostile.ts';
import { OK, PAIRS, servesOn, stage } from './test-engines.ts';
import { readResponses } from './test-strict.ts';

const answer = (status: string, body = 'no') => `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const EXPECTS = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n';

interface ContinueCase {
  readonly what: string;
  readonly backend: Script;
  readonly client: Client;
  readonly gets: readonly number[];
  /** Bodies of the whole requests that the backend received. */
  readonly bodies: readonly string[];
}

const WAITS: Client = { send: `${EXPECTS}Content-Length: 5\r\n\r\n`, awaits: /100 Continue\r\n\r\n/, rest: 'hello' };
const CONTINUE: readonly ContinueCase[] = [
  {
    what: 'the backend sends it',
    backend: { ...OK, atHead: 'HTTP/1.1 100 Continue\r\n\r\n' },
    client: WAITS,
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'the backend sends it twice',
    backend: { ...OK, atHead: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(2) },
    client: WAITS,
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'in chunks',
    backend: { ...OK, atHead: 'HTTP/1.1 100 Continue\r\n\r\n' },
    client: { ...WAITS, send: `${EXPECTS}Transfer-Encoding: chunked\r\n\r\n`, rest: '5\r\nhello\r\n0\r\n\r\n' },
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'the backend does not send it: the proxy does, after a second',
    backend: OK,
    client: WAITS,
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'a final status in its place',
    backend: { on: 'head', send: answer('417 No') },
    client: { send: WAITS.send },
    gets: [417],
    bodies: [],
  },
  {
    what: 'a final status in its place, and the end of the connection',
    backend: { on: 'head', send: answer('413 No'), then: 'end' },
    client: { send: WAITS.send },
    gets: [413],
    bodies: [],
  },
  {
    what: 'the end of the connection in its place',
    backend: { on: 'head', then: 'end' },
    client: { send: WAITS.send },
    gets: [503],
    bodies: [],
  },
  {
    what: '100 and the end of the connection',
    backend: { on: 'head', send: 'HTTP/1.1 100 Continue\r\n\r\n', then: 'end' },
    client: { send: WAITS.send },
    gets: [100, 503],
    bodies: [],
  },
  {
    what: 'a client that does not wait',
    backend: { ...OK, atHead: 'HTTP/1.1 100 Continue\r\n\r\n' },
    client: { send: `${EXPECTS}Content-Length: 5\r\n\r\nhello` },
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'neither the client nor the backend waits for it',
    backend: OK,
    client: { send: `${EXPECTS}Content-Length: 5\r\n\r\nhello` },
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'a client that waits in the middle of the body',
    backend: OK,
    client: { send: `${EXPECTS}Content-Length: 5\r\n\r\nhe`, awaits: /100 Continue\r\n\r\n/, rest: 'llo' },
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'the same, in chunks',
    backend: OK,
    client: { send: `${EXPECTS}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n` },
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'the same, with the body after the head',
    backend: OK,
    client: { send: [`${EXPECTS}Content-Length: 5\r\n\r\n`, 'he', 'llo'] },
    gets: [100, 200],
    bodies: ['hello'],
  },
  {
    what: 'no body at all',
    backend: OK,
    client: { send: `${EXPECTS}Content-Length: 0\r\n\r\n` },
    gets: [100, 200],
    bodies: [''],
  },
  {
    what: 'HTTP/1.0, which does not have it',
    backend: OK,
    client: { send: 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello' },
    gets: [200],
    bodies: ['hello'],
  },
];

const MANY = 'x'.repeat(2 * 1024 * 1024);
const SIZE = MANY.length.toString(16);
const FRAMED = [
  ['a length', `Content-Length: ${2 * MANY.length}\r\n\r\n${MANY}`],
  ['chunks', `Transfer-Encoding: chunked\r\n\r\n${SIZE}\r\n${MANY}\r\n`],
] as const;
interface EarlyCase {
  readonly what: string;
  readonly fields?: string;
  readonly backend?: Script;
  readonly route?: 'none' | 'unmatched';
  readonly gets: number;
}
/** Answers that come while the client is still writing and does not read. */
const EARLY: readonly EarlyCase[] = [
  { what: 'by the backend', backend: { on: 'head', send: answer('401 No') }, gets: 401 },
  {
    what: 'by the backend, in chunks',
    backend: { on: 'head', send: 'HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n' },
    gets: 401,
  },
  { what: 'without an endpoint', route: 'none', gets: 503 },
  { what: 'without a route', route: 'unmatched', gets: 404 },
  { what: 'because the request head is malformed', fields: 'Host: b\r\n', gets: 400 },
  { what: 'because the head is too large', fields: `X: ${'x'.repeat(70_000)}\r\n`, gets: 431 },
];

for (const pair of PAIRS) {
  describe(`${pair.name}: 100 (Continue)`, () => {
    for (const c of CONTINUE) {
      test(`${c.what}: ${c.gets.join(', ')}`, () =>
        stage(pair, c.backend, {}, async ({ proxy, backend }) => {
          const { text, ended } = await talk(proxy.port, c.client);
          const { messages, rest } = readResponses(text, ['POST'], true);
          assert.deepEqual([messages.map((m) => m.status), rest, ended], [c.gets, '', 'closed'], text);
          assert.deepEqual(
            backend.requests().map((r) => r.body),
            c.bodies,
          );
          if (c.bodies.length > 0) return;
          const before = backend.connections;
          await servesOn({ proxy, backend });
          assert.equal(backend.connections, before + 1, 'the connection with the incomplete request is not reused');
        }));
    }
  });

  test(`${pair.name}: 100 (Continue): the connection goes on, whether the client waited or not`, () =>
    stage(pair, OK, {}, async ({ proxy, backend }) => {
      const post = (fields: string, body: string) => `POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n${fields}\r\n${body}`;
      const send =
        post('Content-Length: 2\r\n', 'hi') +
        post('Content-Length: 0\r\n', '') +
        post('Connection: close\r\nContent-Length: 2\r\n', 'ho');
      const { text } = await talk(proxy.port, { send });
      const { messages } = readResponses(text, ['POST', 'POST', 'POST'], true);
      assert.deepEqual(
        messages.map((m) => m.status).filter((status) => status !== 100),
        [200, 200, 200],
        text,
      );
      assert.equal(backend.requests().length, 3);
    }));

  test(`${pair.name}: a client that waits for 100 (Continue) longer than timeouts.idle is no failure of the backend`, () =>
    stage(pair, OK, { timeouts: { idle: 200 } }, async ({ proxy }) => {
      const { text } = await talk(proxy.port, WAITS);
      assert.match(text, /^HTTP\/1\.1 100 [^]* 200 OK/);
    }));

  describe(`${pair.name}: an answer before the end of an upload is received whole`, () => {
    for (const c of EARLY) {
      for (const [framing, upload] of FRAMED) {
        test(`${c.what}, ${framing}: ${c.gets}`, () =>
          stage(pair, c.backend ?? OK, {}, async ({ proxy, backend }) => {
            if (c.route === 'none') await proxy.apply({ endpoints: [] });
            if (c.route === 'unmatched') await proxy.apply({ endpoints: [], route: { hostnames: ['other.example'] } });
            const send = `POST / HTTP/1.1\r\nHost: a\r\n${c.fields ?? ''}${upload}`;
            const { text, ended } = await talk(proxy.port, { send, readLater: true });
            const { messages, rest } = readResponses(text, ['POST'], true);
            assert.deepEqual([messages.map((m) => m.status), rest, ended], [[c.gets], '', 'closed'], text);
            assert.match(text, /^connection: close\r$/im);
            await eventually(() => backend.open() === 0);
            await proxy.apply({ endpoints: [endpoint(backend.port)], retry: { attempts: 0 } });
          }));
      }
    }
  });

  test(`${pair.name}: a backend that closes in the middle of an upload: 503`, async () => {
    for (const then of ['end', 'reset'] as const) {
      await stage(pair, { on: 'head', then }, {}, async ({ proxy, backend }) => {
        const send = `POST / HTTP/1.1\r\nHost: a\r\n${FRAMED[0][1]}`;
        const { text } = await talk(proxy.port, { send, readLater: true });
        assert.match(text, /^HTTP\/1\.1 503 [\s\S]*outrigger-reason: reset/);
        assert.deepEqual(backend.requests(), []);
      });
    }
  });
}
