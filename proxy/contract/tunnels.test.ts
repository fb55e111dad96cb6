/** Upgrades: which are forwarded, how each answer is handled, and the tunnel from its 101 to each way it can end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { closedPort, endpoint, eventually, get, startProxy, statusOf } from '../testing.ts';
import { hostileBackend, talk } from './test-hostile.ts';
import type { Script } from './test-hostile.ts';
import { OK, PAIRS, stage } from './test-engines.ts';
import type { Pair } from './test-engines.ts';
import { acceptWebSocket, asking, dial, echoFrames, SWITCHING, tunnelStage } from './test-tunnels.ts';
import type { TunnelStage } from './test-tunnels.ts';

/** Served as requests without Upgrade. */
const NOT_FORWARDED: readonly [what: string, send: string][] = [
  ['h2c', asking('Upgrade: h2c\r\n')],
  ['h2c among others', asking('Upgrade: websocket, h2c\r\n')],
  ['HTTP/2.0', asking('Upgrade: HTTP/2.0\r\n')],
  ['TLS', asking('Upgrade: TLS/1.0\r\n')],
  ['a protocol that is not a token', asking('Upgrade: a b\r\n')],
  ['a name that is too long', asking(`Upgrade: ${'x'.repeat(300)}\r\n`)],
  ['POST', asking('Upgrade: test/1\r\nContent-Length: 0\r\n', 'POST /chat HTTP/1.1')],
  ['a body', asking('Upgrade: test/1\r\nContent-Length: 2\r\n') + 'hi'],
  ['a body in chunks', asking('Upgrade: test/1\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n'],
  ['HTTP/1.0', asking('Upgrade: test/1\r\n', 'GET /chat HTTP/1.0')],
  ['HTTP/1.0 with keep-alive', 'GET /chat HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: test/1\r\n\r\n'],
  ['Expect', asking('Upgrade: test/1\r\nExpect: 100-continue\r\n')],
  ['Upgrade that Connection does not name', 'GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: test/1\r\n\r\n'],
];

/** The only one that asks for no other protocol, so that the connection goes on. */
const NO_UPGRADE = 'Upgrade that Connection does not name';

/** Answers that do not open a tunnel, and the status that the client receives. */
const ANSWERS: readonly [what: string, answer: string, status: number][] = [
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 200],
  ['401', 'HTTP/1.1 401 No\r\nWWW-Authenticate: x\r\nContent-Length: 0\r\n\r\n', 401],
  ['426', 'HTTP/1.1 426 No\r\nUpgrade: other\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n', 426],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 200],
  ['101 with another protocol', 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n', 502],
  ['101 with two protocols', `${SWITCHING}Upgrade: other\r\n\r\n`, 502],
  ['101 without Upgrade', 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\n\r\n', 502],
  ['101 without Connection', 'HTTP/1.1 101 S\r\nUpgrade: test/1\r\n\r\n', 502],
  ['101 of HTTP/1.0', SWITCHING.replace('1.1', '1.0') + '\r\n', 502],
  ['101 with a control character', `${SWITCHING}X: a\x01b\r\n\r\n`, 502],
];

/** When the next request arrives. */
const FOLLOWS = [
  ['in the same read', 'at once'],
  ['in the next', 'later'],
] as const;

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
/** Handshakes of RFC 6455, whose example these values are: Sec-WebSocket-Key, the backend's Sec-WebSocket-Accept, and the status. */
const HANDSHAKES: readonly (readonly [what: string, keys: readonly string[], accepts: readonly string[], status: number])[] = [
  ['the right answer', [KEY], [ACCEPT], 101],
  ['no answer', [KEY], [], 502],
  ['another answer', [KEY], [ACCEPT.replace('s3', 'S3')], 502],
  ['the key as the answer', [KEY], [KEY], 502],
  ['two answers', [KEY], [ACCEPT, ACCEPT], 502],
  ['no key, so that nothing can be compared', [], [], 101],
  ['two keys, of which the backend chose one', [KEY, 'x'], [ACCEPT], 101],
  ['a key above ASCII, which backends read as they like', ['\xff'], [ACCEPT], 101],
  ['a key of another length', ['YQ=='], [ACCEPT], 101],
];

const ends = (s: Pick<TunnelStage, 'proxy'>) => s.proxy.records.map((r) => r.end.how);

for (const pair of PAIRS) {
  describe(`${pair.name}: an upgrade`, () => {
    for (const [what, send] of NOT_FORWARDED) {
      test(`is not forwarded: ${what}`, () =>
        stage(pair, OK, {}, async ({ proxy, backend }) => {
          // A second request, to see whether the connection goes on.
          const second = 'GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
          const { text, ended } = await talk(proxy.port, { send, awaits: /ok/, rest: second });
          assert.equal(statusOf(text), 200);
          assert.equal(ended, 'closed');
          assert.equal(text.match(/ 200 /g)?.length, what === NO_UPGRADE ? 2 : 1, text);
          assert.match(text, /\r\nconnection: close\r\n/i);
          assert.ok(backend.requests()[0]?.fields.every(([name]) => name.toLowerCase() !== 'upgrade'));
        }));
    }

    for (const [what, send, status] of ANSWERS) {
      test(`is answered with ${what}`, () =>
        stage(pair, { send }, {}, async ({ proxy, backend }) => {
          const { text, ended } = await talk(proxy.port, { send: asking() });
          assert.deepEqual([statusOf(text), ended], [status, 'closed']);
          assert.match(text, /\r\nconnection: close\r\n/i);
          assert.equal(backend.requests()[0]?.fields.find(([name]) => name === 'upgrade')?.[1], 'test/1');
        }));
    }

    for (const [what, send, status] of ANSWERS) {
      for (const [when, follows] of FOLLOWS) {
        test(`that is answered with ${what} ends the connection, whatever follows: ${when}`, () =>
          stage(pair, { send }, {}, async ({ proxy, backend }) => {
            const next = 'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n';
            const client = dial(proxy.port);
            client.send(asking() + (follows === 'at once' ? next : ''));
            await client.has(/\r\n\r\n/);
            if (follows === 'later') client.send(next);
            await client.gone('end');
            assert.deepEqual([statusOf(client.text), client.text.match(/HTTP\/1/g)?.length], [status, 1]);
            assert.match(client.text, /\r\nconnection: close\r\n/i);
            assert.equal(backend.requests().length, 1);
            client.socket.destroy();
          }));
      }
    }

    test('gets interim responses before its answer', () =>
      tunnelStage(
        pair,
        {},
        async ({ open, far }) => {
          const client = await open();
          await client.has(/^HTTP\/1\.1 102 [^]*\r\n\r\nHTTP\/1\.1 103 [^]*\r\n\r\nHTTP\/1\.1 101 [^]*\r\n\r\n$/);
          client.send('up');
          await far[0]?.has('up');
          client.socket.destroy();
        },
        `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>; rel=preload\r\n\r\n${SWITCHING}\r\n`,
      ));

    for (const fields of ['Content-Length: 0\r\n', 'Content-Length: 000\r\n']) {
      test(`is forwarded with ${fields.trim()}, but without that field`, () =>
        tunnelStage(pair, {}, async ({ proxy, backend, far }) => {
          const client = dial(proxy.port);
          client.send(`${asking(`Upgrade: test/1\r\n${fields}`)}early`);
          await client.has(/^HTTP\/1\.1 101 /);
          await eventually(() => far[0]?.text === 'early');
          assert.ok(backend.requests()[0]?.fields.every(([name]) => name.toLowerCase() !== 'content-length'));
          client.socket.destroy();
          await eventually(() => proxy.records.length === 1);
          assert.equal(proxy.records[0]?.exchange.body, undefined);
        }));
    }

    for (const [what, keys, accepts, status] of HANDSHAKES) {
      test(`to WebSocket: ${what}: ${status}`, () => {
        const names = (name: string, values: readonly string[]) => values.map((value) => `${name}: ${value}\r\n`).join('');
        const request = asking(`Upgrade: websocket\r\n${names('Sec-WebSocket-Key', keys)}`);
        const answer = `HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n${names('Sec-WebSocket-Accept', accepts)}\r\n`;
        return tunnelStage(
          pair,
          {},
          async ({ proxy }) => {
            const client = dial(proxy.port);
            client.send(request);
            await client.has(new RegExp(`^HTTP/1\\.1 ${status} `));
            if (status === 502) assert.match(client.text, /outrigger-reason: protocol/);
            client.socket.destroy();
          },
          answer,
        );
      });
    }

    test('is refused where any request would be', () =>
      stage(pair, OK, {}, async ({ proxy }) => {
        const { text } = await talk(proxy.port, { send: asking('Upgrade: test/1\r\n', 'GET /../x HTTP/1.1') });
        assert.equal(statusOf(text), 400);
      }));

    for (const [what, head] of NOT_FORWARDED.filter(([name]) => name !== NO_UPGRADE)) {
      test(`that is not forwarded ends the connection, whatever follows: ${what}`, () =>
        stage(pair, OK, {}, async ({ proxy, backend }) => {
          const client = dial(proxy.port);
          client.send(`${head}\x81\x85\x01\x02\x03\x04 not HTTP`);
          await client.has(/ok/);
          client.send('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
          await client.gone('end');
          assert.deepEqual([statusOf(client.text), client.text.match(/HTTP\/1/g)?.length], [200, 1]);
          assert.equal(backend.requests().length, 1);
          client.socket.destroy();
          assert.doesNotMatch(await proxy.metrics(), /refused_total\{reason="bad-request"\} [1-9]/);
        }));
    }

    test('that waits after another request is served without the upgrade', () =>
      stage(pair, OK, {}, async ({ proxy, backend }) => {
        const { text } = await talk(proxy.port, { send: `GET /1 HTTP/1.1\r\nHost: a\r\n\r\n${asking()}`, until: /ok[^]*ok/ });
        assert.equal(text.match(/ 200 /g)?.length, 2);
        assert.ok(backend.requests()[1]?.fields.every(([name]) => name.toLowerCase() !== 'upgrade'));
      }));

    test('is possible after another request on the connection', () =>
      tunnelStage(pair, {}, async ({ proxy, backend, far }) => {
        const { tunnel } = backend.script;
        backend.script = OK;
        const client = dial(proxy.port);
        client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
        await client.has(/ok$/);
        backend.script = { tunnel } as Script;
        client.send(asking());
        await client.has('101');
        client.send('up');
        await eventually(() => far[0]?.text === 'up');
        client.socket.destroy();
      }));

    test('gets the whole of a long answer, as fast as the client reads it', () =>
      stage(
        pair,
        { send: `HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n${'x'.repeat(8_000_000)}` },
        {},
        async ({ proxy }) => {
          const client = dial(proxy.port);
          client.socket.pause();
          client.send(asking());
          await eventually(() => client.socket.bytesWritten > 0);
          setTimeout(() => client.socket.resume(), 100);
          await client.gone('end');
          assert.equal(client.text.split('\r\n\r\n')[1]?.length, 8_000_000);
          client.socket.destroy();
        },
      ));
  });
  describe(`${pair.name}: before the 101`, () => before(pair));
  describe(`${pair.name}: a tunnel`, () => life(pair));
  describe(`${pair.name}: a tunnel that is limited`, () => limits(pair));
}

function before(pair: Pair): void {
  for (const leave of ['end', 'reset'] as const) {
    test(`the client leaves, by ${leave}`, () =>
      stage(pair, {}, {}, async ({ proxy, backend }) => {
        await talk(proxy.port, { send: asking(), until: /^/, when: () => backend.requests().length > 0, leave });
        await eventually(() => proxy.records.length === 1 && backend.open() === 0);
        assert.deepEqual([ends({ proxy })[0], proxy.records[0]?.status], ['client-gone', 499]);
      }));
  }

  const FAULTS: readonly [what: string, script: Script][] = [
    ['resets', { then: 'reset' }],
    ['closes', { then: 'end' }],
    ['answers 503', { send: 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n' }],
  ];
  for (const [what, script] of FAULTS) {
    test(`another endpoint is tried where one ${what}`, async () => {
      const bad = await hostileBackend(script);
      await tunnelStage(pair, {}, async ({ proxy, backend, open }) => {
        const endpoints = [endpoint(bad.port), endpoint(backend.port)];
        await proxy.apply({ endpoints });
        for (let i = 0; i < 2; i++) (await open()).socket.destroy();
        await eventually(() => proxy.records.length === 2);
        assert.deepEqual(proxy.records.map((r) => [r.status, r.tries]).sort(), [
          [101, 1],
          [101, 2],
        ]);
        await proxy.apply({ endpoints: [endpoint(backend.port)] });
      });
      await bad.close();
    });
  }

  test('another endpoint is tried if a connection is refused', async () => {
    const dead = endpoint(await closedPort());
    await tunnelStage(pair, {}, async ({ proxy, backend, open }) => {
      await proxy.apply({ endpoints: [dead, endpoint(backend.port)] });
      for (let i = 0; i < 2; i++) (await open()).socket.destroy();
      await eventually(() => proxy.records.length === 2);
      await proxy.apply({ endpoints: [endpoint(backend.port)] });
    });
  });

  test('perTryTimeout and timeouts.request apply', async () => {
    for (const spec of [{ retry: { attempts: 0, perTryTimeout: 80 } }, { timeouts: { request: 80 } }]) {
      await stage(pair, {}, spec, async ({ proxy }) => {
        assert.equal(statusOf((await talk(proxy.port, { send: asking() })).text), 504);
      });
    }
  });
}

function life(pair: Pair): void {
  test('carries bytes in both directions, including those that arrived with the heads', () =>
    tunnelStage(
      pair,
      {},
      async (s) => {
        const client = await s.open('\x00early\xff');
        await client.has(/far\xfe$/);
        await eventually(() => s.far[0]?.text === '\x00early\xff');
        assert.match(client.text, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
        assert.match(client.text, /\r\nConnection: Upgrade\r\nUpgrade: test\/1\r\nSec-X: 1\r\n\r\nfar\xfe$/);
        const [far] = s.far;
        assert.ok(far);
        far.staysOpen = true;
        client.send('ping');
        await far.has('ping');
        s.far[0]?.send('pong');
        await client.has('pong');
        client.socket.end();
        await s.far[0]?.gone('end');
        s.far[0]?.send('last words');
        await client.has('last words');
        s.far[0]?.socket.end();
        await client.gone('end');
        await eventually(() => s.proxy.records.length === 1);
        const { status, end } = s.proxy.records[0] ?? {};
        assert.deepEqual([status, end], [101, { how: 'whole', bytesIn: 11, bytesOut: 18 }]);
      },
      `${SWITCHING}Sec-X: 1\r\nKeep-Alive: 3\r\nContent-Length: 9\r\n\r\nfar\xfe`,
    ));

  test('ends when the backend ends', () =>
    tunnelStage(pair, {}, async (s) => {
      const client = await s.open();
      s.far[0]?.socket.end('bye');
      await client.gone('end');
      assert.match(client.text, /bye$/);
      client.socket.end();
      await s.far[0]?.gone('end');
      await eventually(() => ends(s).join() === 'whole');
    }));

  test('passes a reset on', () =>
    tunnelStage(pair, {}, async (s) => {
      (await s.open()).socket.resetAndDestroy();
      await s.far[0]?.gone('reset');
      const client = await s.open();
      s.far[1]?.socket.resetAndDestroy();
      await client.gone('reset');
      await eventually(() => ends(s).join() === 'client-gone,upstream-broke');
    }));

  test('may lose its backend after the backend has ended its half, without a reset for the client', () =>
    tunnelStage(pair, {}, async (s) => {
      const client = await s.open();
      const [far] = s.far;
      assert.ok(far);
      far.socket.end('bye');
      await client.gone('end');
      assert.match(client.text, /bye$/);
      far.socket.destroy();
      await eventually(() => (client.send('too late'), s.backend.open() === 0));
      await eventually(() => client.socket.destroyed || (client.socket.end(), s.proxy.records.length === 1), 4000);
      assert.deepEqual(ends(s), ['whole']);
    }));

  test('applies backpressure in both directions', () =>
    tunnelStage(pair, {}, async (s) => {
      const client = await s.open();
      const far = s.far[0];
      assert.ok(far);
      const piece = Buffer.alloc(1 << 20, 'x');
      for (const [from, to] of [[client, far] as const, [far, client] as const]) {
        to.socket.pause();
        to.text = '';
        for (let i = 0; i < 32; i++) from.socket.write(piece);
        let before = -1;
        await eventually(() => before === (before = from.socket.writableLength), 3000);
        assert.ok(from.socket.writableLength > 0, 'the proxy does not buffer all of it');
        to.socket.resume();
        await eventually(() => to.text.length === 32 << 20, 8000);
      }
      client.socket.destroy();
    }));

  test('is counted: as a request with code 101, as an active request, and its bytes', () =>
    tunnelStage(pair, {}, async (s) => {
      const client = await s.open();
      assert.match(await s.proxy.metrics(), /endpoint_active_requests\{[^}]*\} 1\n/);
      client.send('12345');
      await s.far[0]?.has('12345');
      client.socket.end();
      s.far[0]?.socket.end('123');
      await eventually(() => s.proxy.records.length === 1);
      const text = await s.proxy.metrics();
      assert.match(text, /requests_total\{[^}]*code="101"\} 1\n/);
      assert.match(text, /attempts_total\{[^}]*outcome="ok"\} 1\n/);
      assert.match(text, /bytes_total\{direction="in"\} 5\n/);
      assert.match(text, /bytes_total\{direction="out"\} 3\n/);
    }));

  test('counts as a success of its endpoint from its start, however it ends', () => {
    const passive = { consecutiveConnectFailures: 1, consecutive5xx: 1, baseEjectionTime: 60_000, maxEjectionPercent: 100 };
    return tunnelStage(pair, { part: { healthCheck: { passive } } }, async (s) => {
      await s.proxy.apply({
        endpoints: [endpoint(s.backend.port), endpoint(1, { weight: 0 })],
        part: { healthCheck: { passive } },
      });
      for (let i = 0; i < 3; i++) {
        const client = await s.open();
        s.far[i]?.socket.resetAndDestroy();
        await client.gone('reset');
      }
      assert.deepEqual(s.proxy.healthLog, []);
    });
  });

  test('has its response headers changed, and a session cookie', () => {
    const route = {
      sessionPersistence: { policyUid: 'u', name: 'sid', ttl: 0, sameSite: 'Lax' as const },
      responseHeaderModifier: { set: [{ name: 'x-added', value: '1' }], add: [], remove: [] },
    };
    return tunnelStage(pair, { route }, async (s) => {
      const client = await s.open();
      assert.match(client.text, /\r\nx-added: 1\r\nset-cookie: sid=/);
      client.socket.destroy();
    });
  });

  test('carries WebSocket for a real client', async () => {
    const keys: string[] = [];
    const tunnel: Script['tunnel'] = (socket) => {
      const key = backendKey();
      keys.push(key);
      socket.write(acceptWebSocket(key));
      echoFrames(socket);
    };
    let backendKey = (): string => '';
    await stage(pair, { tunnel }, {}, async ({ proxy, backend }) => {
      backendKey = () =>
        backend
          .requests()
          .at(-1)
          ?.fields.find(([name]) => name.toLowerCase() === 'sec-websocket-key')?.[1] ?? '';
      const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat?room=1`);
      await once(client, 'open');
      client.send('hello');
      const [message] = (await once(client, 'message')) as [{ data: unknown }];
      assert.equal(message.data, 'hello');
      client.close();
      const [closed] = (await once(client, 'close')) as [{ wasClean: boolean }];
      assert.equal(closed.wasClean, true);
      await eventually(() => ends({ proxy }).join() === 'whole');
      assert.equal(backend.requests()[0]?.target, '/chat?room=1');
    });
  });
}

function limits(pair: Pair): void {
  const long = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  test('timeouts.tunnel ends it when no bytes move; the other timeouts do not', () =>
    tunnelStage(pair, { timeouts: { tunnel: 500, idle: 100, request: 100 }, retry: { perTryTimeout: 100 } }, async (s) => {
      const client = await s.open();
      for (let i = 0; i < 3; i++) {
        await long(250);
        client.send('.');
      }
      await s.far[0]?.has('...');
      const since = performance.now();
      await client.gone('end');
      assert.ok(performance.now() - since >= 400);
      await s.far[0]?.gone('end');
      await eventually(() => ends(s).join() === 'deadline');
      await s.proxy.apply({ endpoints: [endpoint(s.backend.port)] });
    }));

  test('0 turns timeouts.tunnel off; timeouts.idle applies once a side has ended', () =>
    tunnelStage(pair, { timeouts: { tunnel: 0, idle: 200 } }, async (s) => {
      const client = await s.open();
      await long(500);
      for (const far of s.far) far.staysOpen = true;
      client.socket.end();
      await s.far[0]?.gone('end');
      await eventually(() => ends(s).join() === 'deadline');
      s.far[0]?.socket.destroy();
    }));

  test('the circuit breaker counts it until it ends', () =>
    tunnelStage(pair, { route: { circuitBreaker: { maxParallelRequests: 1, maxPendingRequests: 0 } } }, async (s) => {
      const client = await s.open();
      assert.match(await get(s.proxy.port), /503[^]*overflow/);
      client.socket.destroy();
      await eventually(() => s.proxy.records.length === 2);
    }));

  test('the connection limit counts it', () =>
    tunnelStage(pair, { maxConnections: 1 }, async (s) => {
      const client = await s.open();
      assert.match(await get(s.proxy.port), /503[^]*too many connections/);
      client.socket.destroy();
      await eventually(() => s.proxy.records.length === 1);
    }));

  test('goes on when its endpoint leaves, for timeouts.drain', () =>
    tunnelStage(pair, { timeouts: { drain: 400 } }, async (s) => {
      const client = await s.open();
      await s.proxy.apply({ endpoints: [], timeouts: { drain: 400 } });
      const since = performance.now();
      client.send('still here');
      await s.far[0]?.has('still here');
      await client.gone('end');
      assert.ok(performance.now() - since >= 350);
      await eventually(() => ends(s).join() === 'drained');
      await s.proxy.apply({ endpoints: [endpoint(s.backend.port)] });
    }));

  test('goes on when its endpoint returns within timeouts.drain', () =>
    tunnelStage(pair, { timeouts: { drain: 300 } }, async (s) => {
      const client = await s.open();
      const port = s.backend.port;
      await s.proxy.apply({ endpoints: [], timeouts: { drain: 300 } });
      await s.proxy.apply({ endpoints: [endpoint(port)], timeouts: { drain: 300 } });
      await long(600);
      client.send('still here');
      await s.far[0]?.has('still here');
      assert.equal(client.ended, 'no');
      await s.proxy.apply({ endpoints: [], timeouts: { drain: 300 } });
      await client.gone('end');
      await eventually(() => ends(s).join() === 'drained');
      await s.proxy.apply({ endpoints: [endpoint(port)] });
    }));

  test('lasts for timeouts.drain when its 101 comes after its endpoint has left', () =>
    tunnelStage(
      pair,
      { timeouts: { drain: 300 } },
      async (s) => {
        const client = dial(s.proxy.port);
        client.send(asking());
        await eventually(() => s.far.length === 1);
        await s.proxy.apply({ endpoints: [], timeouts: { drain: 300 } });
        s.far[0]?.send(`${SWITCHING}\r\n`);
        await client.has('101');
        await client.gone('end');
        await eventually(() => ends(s).join() === 'drained');
        client.socket.destroy();
        await s.proxy.apply({ endpoints: [endpoint(s.backend.port)] });
      },
      '',
    ));

  test('goes on while the listener drains, and no longer', async () => {
    const answer = `${SWITCHING}\r\n`;
    const tunnel: Script['tunnel'] = (socket) => void socket.write(answer);
    const { backend, createUpstream } = await pair.upstream.openBackend({ tunnel });
    const own = { ...pair.downstream.spec, ...(createUpstream && { createUpstream }) };
    const proxy = await startProxy({ endpoints: [endpoint(backend.port)], ...own });
    const client = dial(proxy.port);
    client.send(asking());
    await client.has('101');
    const since = performance.now();
    const drained = proxy.runtime.drain(1500);
    await client.gone('end');
    assert.ok(performance.now() - since >= 1400);
    await drained;
    await eventually(() => ends({ proxy }).join() === 'drained' && backend.open() === 0);
    client.socket.destroy();
    await proxy.close();
    await backend.close();
  });
}
