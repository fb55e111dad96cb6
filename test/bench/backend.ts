/**
 * Backends for benchmarks, all in one process. They are on sockets, without node:http, because they share a CPU with the load generator.
 *
 *   node backend.ts --port N --bind ADDRESS [--bind …] [--slow ADDRESS]
 *
 * Each address responds to every request when its body is complete, with 120 bytes that begin with its own name. The query of a request
 * changes that: `bytes=N` is the length of the body, `chunk=N` its bytes in each chunk, `write=N` the bytes in each write, and `browser` adds
 * the fields of a usual site. The address `--slow` responds 200 ms later.
 */
import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { RequestReader, type CompleteRequest } from './http-request.ts';
import { writePieces } from './piecewise.ts';
import { bodyBytes, framingField } from './request-shape.ts';

const BODY_BYTES = 120;
const SLOW_MS = 200;
/** What a site behind a framework and a CDN adds: 10 fields with Content-Type and Content-Length. */
const SITE_FIELDS = [
  'Server: nginx',
  'Date: Thu, 01 Jan 2026 00:00:00 GMT',
  'Cache-Control: private, no-cache, no-store, max-age=0, must-revalidate',
  'ETag: W/"5f3-Zm9vYmFyYmF6cXV4"',
  'Vary: Accept-Encoding, Cookie',
  'Strict-Transport-Security: max-age=63072000; includeSubDomains; preload',
  'X-Content-Type-Options: nosniff',
  'Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; Secure; HttpOnly; SameSite=Lax',
];

interface PreparedResponse {
  readonly bytes: Buffer;
  /** Bytes in each write. */
  readonly write: number;
}

const { values } = parseArgs({
  options: {
    bind: { type: 'string', multiple: true, default: [] },
    port: { type: 'string', default: '8080' },
    slow: { type: 'string' },
  },
});

function prepare(address: string, { target, close }: CompleteRequest): PreparedResponse {
  const query = new URL(target, 'http://backend').searchParams;
  const size = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  const [length, chunk] = [size('bytes') ?? BODY_BYTES, size('chunk')];
  const body = size('bytes') === undefined ? Buffer.from(`${address} `.padEnd(length, '.')) : bodyBytes(length, chunk);
  const fields = [
    ...(query.has('browser') ? SITE_FIELDS : []),
    ...['Content-Type: text/plain', framingField(length, chunk), ...(close ? ['Connection: close'] : [])],
  ];
  const bytes = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
  return { bytes, write: size('write') ?? bytes.length };
}

for (const address of values.bind) {
  const prepared = new Map<string, PreparedResponse>();
  const respond = (socket: Socket, request: CompleteRequest): void => {
    const key = `${request.target} ${request.close}`;
    const response = prepared.get(key) ?? prepare(address, request);
    prepared.set(key, response);
    if (request.close) socket.end(response.bytes);
    else if (response.write < response.bytes.length) writePieces(socket, response.bytes, response.write);
    else socket.write(response.bytes);
  };
  createServer({ noDelay: true }, (socket) => {
    const reader = new RequestReader();
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      const request = reader.feed(data);
      if (request === undefined) return;
      if (address === values.slow) setTimeout(() => respond(socket, request), SLOW_MS);
      else respond(socket, request);
    });
  }).listen(Number(values.port), address);
}
