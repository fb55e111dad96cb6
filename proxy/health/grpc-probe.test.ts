import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { GrpcCheck } from '../snapshot/types.ts';
import { GrpcProbe } from './grpc-probe.ts';
import { runProbe } from './probe.ts';
import { backend, GRPC, grpcBackend, http2Backend, httpBackend, statusFrame, type Backend } from './testing.ts';
import { until } from '../test-until.ts';

/** Runs one probe; returns `ok detail` or `no detail`. */
async function run(probe: GrpcProbe, timeout = 2000): Promise<string> {
  const result = await runProbe(probe, timeout, new AbortController());
  return `${result.ok ? 'ok' : 'no'} ${result.detail}`;
}

/** Probes the backend `times` times, then closes the probe and checks that no connection is open. */
async function probe(server: Backend, check: Partial<GrpcCheck> = {}, timeout = 2000, times = 1): Promise<string> {
  const grpc = new GrpcProbe('127.0.0.1', server.port, { ...GRPC, ...check });
  try {
    let result = '';
    for (let n = 0; n < times; n++) result = await run(grpc, timeout);
    grpc.close();
    await until(() => server.open.size === 0, 'the prober to close its connections');
    return result;
  } finally {
    grpc.close();
    await server.close();
  }
}

describe('gRPC probe', () => {
  for (const [status, result] of ['no UNKNOWN', 'ok SERVING', 'no NOT_SERVING', 'no SERVICE_UNKNOWN'].entries()) {
    test(result, async () => assert.equal(await probe(await grpcBackend(statusFrame(status))), result));
  }

  test('reads an error status from trailers or, in a trailers-only response, from headers', async () => {
    const trailers = { 'grpc-status': '5', 'grpc-message': 'unknown service' };
    assert.equal(await probe(await grpcBackend(Buffer.alloc(0), trailers)), 'no gRPC NOT_FOUND');
    const only = (code: string) =>
      http2Backend((stream) =>
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': code }, { endStream: true }),
      );
    assert.equal(await probe(await only('12')), 'no gRPC UNIMPLEMENTED');
    assert.equal(await probe(await only('14')), 'no gRPC UNAVAILABLE');
    assert.equal(await probe(await only('99')), 'no gRPC 99');
    assert.equal(await probe(await only('ok')), 'no malformed response');
    assert.equal(await probe(await only('0')), 'no malformed response', 'without a message');
  });

  test('sends the service and hostname of the check, and its user agent', async () => {
    const asked: string[] = [];
    const server = await http2Backend((stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const names = [':method', ':path', ':authority', 'content-type', 'te', 'user-agent'];
        asked.push(names.map((name) => String(headers[name])).join(' '), Buffer.concat(chunks).subarray(5).toString());
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(statusFrame(1));
      });
    });
    const { port } = server;
    assert.equal(await probe(server, { service: 'shop.Cart', hostname: 'shop.example.com' }), 'ok SERVING');
    const rest = 'application/grpc trailers outrigger-prober';
    assert.deepEqual(asked, [`POST /grpc.health.v1.Health/Check shop.example.com ${rest}`, '\n\tshop.Cart']);
    const anonymous = await grpcBackend(statusFrame(1));
    assert.notEqual(anonymous.port, port);
    assert.equal(await probe(anonymous), 'ok SERVING');
  });

  test('keeps its connection between probes', async () => {
    const server = await grpcBackend(statusFrame(1));
    assert.equal(await probe(server, {}, 2000, 5), 'ok SERVING');
    assert.equal(server.accepted, 1);
  });

  test('a kept connection that closes during a probe is not a failure: the probe is repeated on a new connection', async () => {
    for (const leave of ['destroy', 'goaway', 'refuse'] as const) {
      let n = 0;
      const server = await http2Backend((stream) => {
        if (n++ % 2 === 1 && leave === 'destroy') return stream.session?.destroy();
        if (n % 2 === 0 && leave === 'goaway') {
          stream.session?.goaway(0, 1);
          return stream.session?.destroy();
        }
        if (n % 2 === 0 && leave === 'refuse') return stream.close(7);
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(statusFrame(1));
      });
      assert.equal(await probe(server, {}, 2000, 2), 'ok SERVING', leave);
      assert.equal(server.accepted, 2, leave);
    }
  });

  test('a connection that received GOAWAY is not used again', async () => {
    const server = await http2Backend((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => {
        stream.sendTrailers({ 'grpc-status': '0' });
        stream.session?.close();
      });
      stream.end(statusFrame(1));
    });
    assert.equal(await probe(server, {}, 2000, 3), 'ok SERVING');
    assert.equal(server.accepted, 3);
  });

  describe('misbehaving backends', () => {
    const raw = (answer: (socket: Socket) => void) => backend((socket) => socket.once('data', () => answer(socket)));
    const reply = (headers: Record<string, string | number>) => () =>
      http2Backend((stream) => stream.respond(headers, { endStream: true }));
    const cases: readonly [string, () => Promise<Backend>, string][] = [
      ['accepts and sends nothing', () => backend(() => {}), 'no timeout'],
      ['answers nothing over HTTP/2', () => http2Backend(() => {}), 'no timeout'],
      ['a head without an end', () => http2Backend((s) => s.respond({ ':status': 200 })), 'no timeout'],
      ['resets on connect', () => backend((s) => s.resetAndDestroy()), 'no connection reset'],
      ['closes before it answers', () => raw((s) => s.end()), 'no connection reset'],
      ['resets the stream', () => http2Backend((s) => s.close(2)), 'no stream reset'],
      ['another protocol', () => raw((s) => s.end('220 mail.example.com ESMTP\r\n')), 'no malformed response'],
      ['HTTP/1.1', () => httpBackend((_, res) => res.end('fine')), 'no malformed response'],
      ['sends GOAWAY with an error', () => http2Backend((s) => s.session?.goaway(2)), 'no connection closed'],
      ['sends GOAWAY and hangs', () => http2Backend((s) => s.session?.goaway(0)), 'no timeout'],
      ['HTTP 404', reply({ ':status': 404 }), 'no HTTP 404'],
      ['no gRPC status', reply({ ':status': 200 }), 'no malformed response'],
      ['a malformed message', () => grpcBackend(Buffer.from('garbage')), 'no malformed response'],
      ['a compressed message', () => grpcBackend(Buffer.from([1, 0, 0, 0, 2, 8, 1])), 'no malformed response'],
      ['an endless message', () => grpcBackend(Buffer.alloc(1_000_000)), 'no malformed response'],
    ];
    for (const [name, start, result] of cases) {
      test(`${name}: ${result}`, async () =>
        assert.equal(await probe(await start(), {}, result === 'no timeout' ? 150 : 2000), result));
    }

    test('connection refused', async () => {
      const server = await backend(() => {});
      await server.close();
      const grpc = new GrpcProbe('127.0.0.1', server.port, GRPC);
      assert.equal(await run(grpc), 'no connection refused');
      grpc.close();
    });
  });

  test('stops at once when aborted', async () => {
    const server = await http2Backend(() => {});
    const grpc = new GrpcProbe('127.0.0.1', server.port, GRPC);
    const stop = new AbortController();
    const running = runProbe(grpc, 60_000, stop);
    await until(() => server.open.size === 1, 'the connection');
    stop.abort();
    assert.equal((await running).ok, false);
    await until(() => server.open.size === 0, 'the connection to go');
  });
});
