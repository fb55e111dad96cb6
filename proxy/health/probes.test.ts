import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { HttpCheck } from '../snapshot/types.ts';
import { HttpProbe } from './http-probe.ts';
import { runProbe, type Probe } from './probe.ts';
import { TcpProbe } from './tcp-probe.ts';
import { backend, HTTP, httpBackend, type Backend } from './testing.ts';
import { until } from '../test-until.ts';

/** Runs one probe; returns `ok detail` or `no detail`. */
async function run(probe: Probe, timeout = 2000): Promise<string> {
  const result = await runProbe(probe, timeout, new AbortController());
  return `${result.ok ? 'ok' : 'no'} ${result.detail}`;
}

/** Probes the backend `times` times, then closes everything and checks that no connection is open. */
async function probe(server: Backend, check: Partial<HttpCheck> = {}, timeout = 2000, times = 1): Promise<string> {
  const http = new HttpProbe('127.0.0.1', server.port, { ...HTTP, ...check });
  try {
    let result = '';
    for (let n = 0; n < times; n++) result = await run(http, timeout);
    http.close();
    await until(() => server.open.size === 0, 'the prober to close its connections');
    return result;
  } finally {
    http.close();
    await server.close();
  }
}

/** A backend that answers each request with these bytes. */
const raw = (answer: (socket: Socket, n: number) => void) => {
  let n = 0;
  return backend((socket) => socket.on('data', () => answer(socket, n++)));
};

const head = (fields = '') => `HTTP/1.1 200 OK\r\n${fields}\r\n`;

describe('HTTP probe', () => {
  test('passes on an expected status, including the ends of ranges', async () => {
    const status = (code: number) => httpBackend((_, res) => res.writeHead(code).end());
    assert.equal(await probe(await status(200)), 'ok HTTP 200');
    assert.equal(await probe(await status(399)), 'ok HTTP 399');
    assert.equal(await probe(await status(500)), 'no HTTP 500');
    assert.equal(await probe(await status(400)), 'no HTTP 400');
    const ranges = [
      { from: 204, to: 204 },
      { from: 500, to: 502 },
    ];
    assert.equal(await probe(await status(204), { expectedStatuses: ranges }), 'ok HTTP 204');
    assert.equal(await probe(await status(502), { expectedStatuses: ranges }), 'ok HTTP 502');
    assert.equal(await probe(await status(200), { expectedStatuses: ranges }), 'no HTTP 200');
  });

  test('does not follow redirects', async () => {
    let asked = 0;
    const server = await httpBackend((_, res) => {
      asked++;
      res.writeHead(302, { location: '/elsewhere' }).end();
    });
    assert.equal(await probe(server), 'ok HTTP 302');
    assert.equal(asked, 1);
  });

  test('sends the method, path and hostname of the check, and its user agent', async () => {
    const seen: string[] = [];
    const answer = async (check: Partial<HttpCheck>) => {
      const server = await httpBackend((req, res) => {
        seen.push(`${req.method} ${req.url} ${req.headers.host} ${req.headers['user-agent']}`);
        res.end();
      });
      await probe(server, check);
      return server.port;
    };
    const port = await answer({});
    await answer({ method: 'HEAD', path: '/healthz?full=1', hostname: 'shop.example.com' });
    assert.deepEqual(seen, [
      `GET / 127.0.0.1:${port} outrigger-prober`,
      'HEAD /healthz?full=1 shop.example.com outrigger-prober',
    ]);
  });

  test('puts an IPv6 address in brackets in Host', async (t) => {
    const server = await backend(
      (socket) => socket.on('data', (data) => socket.end(head(`x: ${data.toString('latin1').length}\r\ncontent-length: 0\r\n`))),
      '::1',
    ).catch(() => undefined);
    if (server === undefined) return t.skip('this machine has no IPv6 loopback');
    const http = new HttpProbe('::1', server.port, HTTP);
    assert.equal(await run(http), 'ok HTTP 200');
    http.close();
  });

  test('keeps its connection between probes', async () => {
    const server = await httpBackend((_, res) => res.end('fine'));
    assert.equal(await probe(server, {}, 2000, 5), 'ok HTTP 200');
    assert.equal(server.accepted, 1);
  });

  test('a kept connection that closes during a probe is not a failure: the probe is repeated on a new connection', async () => {
    const server = await backend((socket) => {
      let n = 0;
      socket.on('data', () => (n++ === 0 ? socket.write(head('content-length: 0\r\n')) : socket.destroy()));
    });
    assert.equal(await probe(server, {}, 2000, 3), 'ok HTTP 200');
    assert.equal(server.accepted, 3);
  });

  describe('body', () => {
    const says = (body: string) => httpBackend((_, res) => res.end(body));

    test('is searched for the regular expression', async () => {
      assert.equal(await probe(await says('status: READY now'), { expectedBody: 'READY|UP' }), 'ok HTTP 200');
      assert.equal(await probe(await says('status: starting'), { expectedBody: 'READY|UP' }), 'no body does not match');
      assert.equal(await probe(await says('grüße'), { expectedBody: '^gr.{2}e$|^gr..e$' }), 'ok HTTP 200');
    });

    test('an invalid regular expression fails with its reason', async () => {
      assert.match(await probe(await says('x'), { expectedBody: '(' }, 2000, 2), /^no expectedBody: .*missing closing/);
    });

    test('an expression that would backtrack exponentially is matched in linear time', async () => {
      const server = await says('a'.repeat(60_000));
      const started = performance.now();
      assert.equal(await probe(server, { expectedBody: '^(a+)+$b' }), 'no body does not match');
      assert.ok(performance.now() - started < 1500);
    });

    test('an endless body is cut off at 64 KiB, and what was read is matched', async () => {
      const endless = () =>
        httpBackend((_, res) => {
          const chunk = Buffer.alloc(16_384, 'x');
          const more = (): void => {
            while (!res.destroyed && res.write(chunk));
          };
          res.write('begin');
          res.on('drain', more);
          more();
        });
      assert.equal(await probe(await endless(), { expectedBody: '^beginx{1000}' }), 'ok HTTP 200');
      assert.equal(await probe(await endless(), { expectedBody: 'end' }), 'no body does not match');
      assert.equal(await probe(await endless()), 'ok HTTP 200');
    });

    test('bytes beyond 64 KiB are not matched', async () => {
      const text = 'x'.repeat(65_535);
      assert.equal(await probe(await says(`${text}END`), { expectedBody: 'END' }), 'no body does not match');
      assert.equal(await probe(await says(`${text.slice(2)}END`), { expectedBody: 'END' }), 'ok HTTP 200');
    });
  });

  describe('misbehaving backends', () => {
    const cases: readonly [string, () => Promise<Backend>, string][] = [
      ['accepts and sends nothing', () => backend(() => {}), 'no timeout'],
      ['half a head', () => raw((s) => s.write('HTTP/1.1 200 O')), 'no timeout'],
      ['a head, then a body that never ends', () => raw((s) => s.write(head('content-length: 9\r\n') + 'x')), 'no timeout'],
      ['trickles its body', trickling, 'no timeout'],
      ['endless 100 Continue', endlessInformational, 'no timeout'],
      ['resets on connect', () => backend((s) => s.resetAndDestroy()), 'no connection reset'],
      ['resets on the request', () => raw((s) => s.resetAndDestroy()), 'no connection reset'],
      ['closes before the response', () => raw((s) => s.end()), 'no connection reset'],
      ['closes within the body', () => raw((s) => s.end(head('content-length: 9\r\n') + 'x')), 'no connection reset'],
      ['another protocol', () => raw((s) => s.end('220 mail.example.com ESMTP\r\n')), 'no malformed response'],
      ['an overlong head', () => raw((s) => s.write(head(`x: ${'x'.repeat(100_000)}\r\n`))), 'no malformed response'],
      ['an error that keeps its body', () => raw((s) => s.write('HTTP/1.1 503 No\r\ncontent-length: 9\r\n\r\n')), 'no HTTP 503'],
      [
        'an unasked upgrade',
        () => raw((s) => s.write('HTTP/1.1 101 Up\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')),
        'no HTTP 101',
      ],
    ];
    for (const [name, start, result] of cases) {
      test(`${name}: ${result}`, async () =>
        assert.equal(await probe(await start(), {}, result === 'no timeout' ? 150 : 2000), result));
    }

    test('connection refused', async () => {
      const port = await unusedPort();
      const http = new HttpProbe('127.0.0.1', port, HTTP);
      assert.equal(await run(http), 'no connection refused');
      http.close();
    });

    test('a request that cannot be sent is a failure, not a crash', async () => {
      const server = await httpBackend((_, res) => res.end());
      assert.match(await probe(server, { path: '/a b' }), /^no probe failed: ERR_/);
    });
  });

  test('stops at once when aborted', async () => {
    const server = await backend(() => {});
    const http = new HttpProbe('127.0.0.1', server.port, HTTP);
    const stop = new AbortController();
    const running = runProbe(http, 60_000, stop);
    await until(() => server.open.size === 1, 'the connection');
    stop.abort();
    assert.equal((await running).ok, false);
    await until(() => server.open.size === 0, 'the connection to go');
  });
});

describe('TCP probe', () => {
  test('connects, then closes with FIN', async () => {
    const events: string[] = [];
    const server = await backend((socket) => {
      socket.on('error', () => events.push('error')).on('end', () => events.push('end'));
      socket.resume();
    });
    assert.equal(await run(new TcpProbe('127.0.0.1', server.port)), 'ok connected');
    await until(() => events.length > 0, 'the end of the connection');
    assert.deepEqual(events, ['end']);
  });

  test('leaves nothing open at a backend that never closes its half', async () => {
    const server = await new Promise<{ close: () => void; port: number; open: Set<Socket> }>((resolve) => {
      const open = new Set<Socket>();
      const listener = createServer({ allowHalfOpen: true }, (socket) => {
        open.add(socket);
        socket.on('error', () => {}).resume();
      }).listen(0, '127.0.0.1', () => {
        const address = listener.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        resolve({ port, open, close: () => listener.close() });
      });
    });
    const started = performance.now();
    assert.equal(await run(new TcpProbe('127.0.0.1', server.port), 60_000), 'ok connected');
    assert.ok(performance.now() - started < 1000, 'does not wait for the other half');
    for (const socket of server.open) socket.destroy();
    server.close();
  });

  test('connection refused', async () => {
    assert.equal(await run(new TcpProbe('127.0.0.1', await unusedPort())), 'no connection refused');
  });

  test('a connect that hangs ends with the deadline or when aborted', async () => {
    const full = await fullBacklog();
    try {
      assert.equal(await run(new TcpProbe('127.0.0.1', full.port), 100), 'no timeout');
      const stop = new AbortController();
      const running = runProbe(new TcpProbe('127.0.0.1', full.port), 60_000, stop);
      stop.abort();
      assert.equal((await running).ok, false);
    } finally {
      await full.close();
    }
  });
});

/** A port that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const server = await backend(() => {});
  await server.close();
  return server.port;
}

/** One byte of body every few milliseconds, without end. */
function trickling(): Promise<Backend> {
  return httpBackend((_, res: ServerResponse) => {
    const timer = setInterval(() => res.write('x'), 10);
    res.once('close', () => clearInterval(timer));
  });
}

function endlessInformational(): Promise<Backend> {
  return raw((socket) => {
    const timer = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 5);
    socket.once('close', () => clearInterval(timer));
  });
}

/** A listener that accepts nothing and whose backlog is full: further connects hang. */
async function fullBacklog(): Promise<{ port: number; close: () => Promise<void> }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
     });`,
    { eval: true },
  );
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const fillers = Array.from({ length: 8 }, () => connect({ host: '127.0.0.1', port }).on('error', () => {}));
  await until(() => fillers.filter((s) => !s.connecting).length >= 2, 'the backlog to fill');
  return {
    port,
    close: async () => {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}
