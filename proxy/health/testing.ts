import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach } from 'node:test';
import type { GrpcCheck, HttpCheck, TcpCheck } from '../snapshot/types.ts';

export const HTTP: HttpCheck = {
  type: 'HTTP',
  path: '/',
  method: 'GET',
  expectedStatuses: [{ from: 200, to: 399 }],
  interval: 60_000,
  timeout: 2000,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
};

export const TCP: TcpCheck = { type: 'TCP', interval: 60_000, timeout: 2000, unhealthyThreshold: 1, healthyThreshold: 1 };

export const GRPC: GrpcCheck = { ...TCP, type: 'GRPC' };

const started = new Set<Backend>();

// Also closes servers of a test that failed half-way, since they would keep the process alive.
afterEach(async () => {
  await Promise.all([...started].map((server) => server.close()));
  started.clear();
});

/** A server on a free port, and its open sockets. */
export interface Backend {
  readonly port: number;
  /** Connections accepted so far. */
  accepted: number;
  readonly open: Set<Socket>;
  close(): Promise<void>;
}

export async function backend(onSocket: (socket: Socket) => void, address = '127.0.0.1'): Promise<Backend> {
  return listen(
    createServer((socket) => {
      socket.on('error', () => {});
      onSocket(socket);
      // A socket that is not read never reports that the other side closed.
      socket.resume();
    }),
    address,
  );
}

export async function httpBackend(onRequest: RequestListener): Promise<Backend> {
  return listen(createHttpServer(onRequest), '127.0.0.1');
}

/** A server that speaks HTTP/2 with prior knowledge. */
export async function http2Backend(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<Backend> {
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  return listen(server, '127.0.0.1');
}

/** A grpc.health.v1 server that answers with this frame and these trailers. */
export function grpcBackend(frame: Buffer, trailers: OutgoingHttpHeaders = { 'grpc-status': '0' }): Promise<Backend> {
  return http2Backend((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(frame);
  });
}

/** A HealthCheckResponse; SERVING is 1. */
export function statusFrame(status: number): Buffer {
  return Buffer.from([0, 0, 0, 0, 2, 8, status]);
}

async function listen(server: Server, address: string): Promise<Backend> {
  const self = {
    port: 0,
    accepted: 0,
    open: new Set<Socket>(),
    close: async () => {
      for (const socket of self.open) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connection', (socket: Socket) => {
    self.accepted++;
    self.open.add(socket);
    socket.once('close', () => self.open.delete(socket));
  });
  server.listen(0, address);
  await once(server, 'listening');
  started.add(self);
  self.port = (server.address() as AddressInfo).port;
  return self;
}
