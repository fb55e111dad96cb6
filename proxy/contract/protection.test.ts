/** What one client may cost the proxy: time, memory and connections. Each has its own limit and its own counter. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { eventually, httpBackend, endpoint } from '../testing.ts';
import type { ProxySpec } from '../testing.ts';
import { talk } from './test-hostile.ts';
import type { Talk } from './test-hostile.ts';
import { OK, PAIRS, stage } from './test-engines.ts';
import type { Pair, Stage } from './test-engines.ts';
import { readResponses } from './test-strict.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';

/** Local replies by reason: those before routing, and those to a request in progress. */
async function refused({ proxy }: Stage): Promise<string[]> {
  const text = await proxy.metrics();
  return [...text.matchAll(/^outrigger_(?:refused|local_answers)_total\{[^}]*reason="([^"]*)"\} ([1-9]\d*)/gm)].map(
    ([, reason, n]) => `${reason} ${n}`,
  );
}

function statuses(t: Talk): readonly number[] {
  return readResponses(t.text, [], true).messages.map((m) => m.status);
}

/** Sends a byte at a time until the proxy closes the connection. */
async function sendSlowly(port: number, head: string, byte: string, everyMs: number): Promise<Talk> {
  const started = performance.now();
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let ended = false;
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.on('end', () => (ended = true)).on('error', () => (ended = true));
  socket.write(head);
  const timer = setInterval(() => socket.write(byte), everyMs);
  await eventually(() => ended, 5000).finally(() => {
    clearInterval(timer);
    socket.destroy();
  });
  return { text, ended: 'closed', ms: performance.now() - started };
}

interface SlowCase {
  readonly what: string;
  readonly spec: Partial<ProxySpec>;
  readonly talk: (port: number) => Promise<Talk>;
  readonly gets: readonly number[];
  readonly counted: readonly string[];
}

const SLOW: readonly SlowCase[] = [
  {
    what: 'sends nothing',
    spec: { limits: { headTimeout: 200 } },
    talk: (port) => talk(port, { send: '' }),
    gets: [408],
    counted: ['request-timeout 1'],
  },
  {
    what: 'sends its head slowly',
    spec: { limits: { headTimeout: 300 } },
    talk: (port) => sendSlowly(port, 'GET / HTTP/1.1\r\nHost: a\r\nX: ', 'x', 20),
    gets: [408],
    counted: ['request-timeout 1'],
  },
  {
    what: 'sends the head of its second request slowly',
    spec: { limits: { headTimeout: 300 } },
    talk: (port) => sendSlowly(port, `${GET}GET / HTTP/1.1\r\nX: `, 'x', 20),
    gets: [200, 408],
    counted: ['request-timeout 1'],
  },
  {
    what: 'stops in the middle of a body with a length',
    spec: { timeouts: { idle: 200 } },
    talk: (port) => talk(port, { send: `${POST}Content-Length: 100\r\n\r\nhalf` }),
    gets: [408],
    counted: ['request-timeout 1'],
  },
  {
    what: 'stops in the middle of a body in chunks',
    spec: { timeouts: { idle: 200 } },
    talk: (port) => talk(port, { send: `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhalf` }),
    gets: [408],
    counted: ['request-timeout 1'],
  },
  {
    what: 'stays idle between requests',
    spec: { limits: { keepAliveTimeout: 100 } },
    talk: (port) => talk(port, { send: GET }),
    gets: [200],
    counted: [],
  },
];

/** What has not changed for this long does not change any more. */
const STILL_MS = 200;
/** More bytes than the kernel buffers for a client that does not read. */
const BIG = 32 * 1024 * 1024;

for (const pair of PAIRS) {
  describe(`${pair.name}: a client that is slow`, () => {
    for (const c of SLOW) {
      test(`${c.what}: ${c.gets.join(', ')}`, () =>
        stage(pair, OK, c.spec, async (s) => {
          const t = await c.talk(s.proxy.port);
          assert.deepEqual(statuses(t), c.gets, t.text);
          assert.ok(t.ms < 5000, String(t.ms));
          assert.deepEqual(await refused(s), c.counted);
        }));
    }

    test('does not read its response: the backend waits, and both connections are closed after the idle timeout', () =>
      stage(pair, OK, {}, async ({ proxy, backend }) => {
        let written = 0;
        let closed = false;
        const big = await httpBackend((_req, res) => {
          res.on('close', () => (closed = true));
          res.writeHead(200, { 'content-length': BIG });
          const more = () => {
            while (written < BIG && !res.destroyed) {
              written += 65536;
              if (!res.write(Buffer.alloc(65536))) return void res.once('drain', more);
            }
          };
          more();
        });
        await proxy.apply({ endpoints: [endpoint(big.port)], timeouts: { idle: 300 } });
        const socket = connect(proxy.port, '127.0.0.1')
          .on('error', () => undefined)
          .pause();
        socket.write(GET);
        await eventually(() => closed && proxy.records.length === 1);
        assert.ok(written < BIG, 'not all of it is in memory');
        assert.equal(proxy.records[0]?.end.how, 'client-gone', 'not a failure of the backend');
        socket.destroy();
        await big.close();
        await proxy.apply({ endpoints: [endpoint(backend.port)] });
      }));

    test('does not read the proxy’s own answers: its connection is closed', () =>
      stage(pair, OK, { endpoints: [], limits: { unreadTimeout: 300 } }, async ({ proxy, backend }) => {
        let closed = false;
        const socket = connect(proxy.port, '127.0.0.1').on('close', () => (closed = true));
        socket.on('error', () => undefined).pause();
        const more = () => {
          while (!socket.destroyed && socket.write(GET.repeat(16)));
        };
        socket.on('drain', more);
        more();
        const open = () => proxy.runtime.listeners.get(proxy.port)?.listener.connections;
        await eventually(() => open() === 1);
        await eventually(() => open() === 0 || closed);
        socket.destroy();
        await proxy.apply({ endpoints: [endpoint(backend.port)] });
      }));
  });

  const { waiting } = pair.downstream;
  if (waiting === Infinity) {
    test(`${pair.name}: while a request is in progress, what waits stays in the socket`, () =>
      stage(pair, {}, {}, async ({ proxy, backend }) => {
        const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
        // Many writes: what one of them has left is counted only once it is over.
        for (let i = 0; i < BIG; i += GET.length * 1000) socket.write(GET.repeat(1000));
        await eventually(() => backend.requests().length === 1);
        let [before, since] = [-1, 0];
        await eventually(() => {
          if (before !== (before = socket.writableLength)) since = performance.now();
          return performance.now() - since > STILL_MS;
        });
        assert.ok(socket.writableLength > BIG / 2, `${socket.writableLength} bytes are left`);
        assert.equal(backend.requests().length, 1, 'one request is read at a time');
        socket.resetAndDestroy();
        await eventually(() => backend.open() === 0);
      }));

    test(`${pair.name}: pipelined requests beyond what is read ahead wait in the socket, and are all served`, () =>
      stage(pair, OK, {}, async ({ proxy, backend }) => {
        const last = GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
        // Each of 1 KiB: more than is read ahead.
        const many = GET.replace('\r\n\r\n', `\r\nX: ${'x'.repeat(1000)}\r\n\r\n`).repeat(200);
        const t = await talk(proxy.port, { send: many + last });
        const got = statuses(t);
        assert.deepEqual([got.length, new Set(got).size, t.ended, backend.connections], [201, 1, 'closed', 1]);
      }));
  } else
    test(`${pair.name}: more pipelined requests than may wait: the limit is served, then 503`, () =>
      stage(pair, OK, {}, async (s) => {
        const t = await talk(s.proxy.port, { send: GET.repeat(200) });
        const got = statuses(t);
        assert.deepEqual([got.length, got.at(-1)], [waiting + 2, 503]);
        assert.match(t.text, /outrigger-reason: overflow/);
        assert.equal(s.backend.requests().length, waiting + 1);
        assert.deepEqual(await refused(s), ['overflow 1']);
      }));

  test(`${pair.name}: as many pipelined requests as may wait are all served, on one connection`, () =>
    stage(pair, OK, {}, async ({ proxy, backend }) => {
      const last = GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
      const t = await talk(proxy.port, { send: [GET.repeat(20), GET.repeat(20), GET.repeat(24), last] });
      assert.deepEqual([statuses(t).length, t.ended, backend.connections], [65, 'closed', 1]);
    }));

  describe(`${pair.name}: connections over the limit`, () => {
    test('get 503, whatever they send, and do not count as open', () =>
      stage(pair, OK, { maxConnections: 2 }, async (s) => {
        const { port } = s.proxy;
        const held = [1, 2].map(() => connect(port, '127.0.0.1'));
        const open = () => s.proxy.runtime.listeners.get(port)?.listener.connections;
        await eventually(() => open() === 2);
        const upload = `${POST}Content-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`;
        const answers = await Promise.all([GET, upload, ''].map((send) => talk(port, { send, readLater: true })));
        for (const t of answers) assert.deepEqual([statuses(t), t.ended], [[503], 'closed']);
        assert.equal(open(), 2);
        assert.deepEqual(await refused(s), ['overflow 3']);
        for (const socket of held) socket.destroy();
        await eventually(() => open() === 0);
      }));
  });

  describe(`${pair.name}: a refused connection closes within its limits`, () => {
    const BAD = 'nonsense\r\n\r\n';
    test('when the client stays silent', () => lasts(pair, BAD, '', 1500, 4000));
    test('when it goes on sending a little', () => lasts(pair, BAD, 'x', 4500, 7500));
    test('when it goes on sending a lot', () => lasts(pair, BAD, 'x'.repeat(1024 * 1024), 0, 4000));
  });
}

/** A client that neither reads nor closes; the connection must end between `from` and `to` ms. */
async function lasts(pair: Pair, bad: string, more: string, from: number, to: number): Promise<void> {
  await stage(pair, OK, {}, async ({ proxy }) => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    let closed = false;
    socket.on('error', () => undefined).on('close', () => (closed = true));
    socket.write(bad);
    const open = () => proxy.runtime.listeners.get(proxy.port)?.listener.connections;
    await eventually(() => open() === 1);
    const started = performance.now();
    const timer = setInterval(() => {
      if (more !== '' && socket.writableLength < 4 * 1024 * 1024) socket.write(more);
    }, 20);
    await eventually(() => open() === 0 || closed, 8000).finally(() => clearInterval(timer));
    const ms = performance.now() - started;
    socket.destroy();
    assert.ok(ms >= from && ms < to, `${ms} ms`);
  });
}
