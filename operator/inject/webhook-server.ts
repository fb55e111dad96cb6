/** The webhook's HTTPS server: POST /inject with an AdmissionReview, within bounds, and nothing else. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A certificate chain and its key, in PEM. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface WebhookServer {
  readonly port: number;
  /** New handshakes get this certificate; open connections are not affected. */
  present(certificate: ServingCertificate): void;
  close(): Promise<void>;
}

export interface WebhookServerOptions {
  readonly port: number;
  /** Undefined: all addresses. */
  readonly bind: string | undefined;
  readonly certificate: ServingCertificate;
  /** The body of the answer; undefined: the text is not an AdmissionReview. */
  readonly review: (text: string) => string | undefined;
}

export const INJECT_PATH = '/inject';

/** Bytes, well above the largest Pod: etcd accepts 1.5 MiB, and the review adds little. */
const MAX_BODY = 3 * 1024 * 1024;
/** Bytes of all bodies that are being read. */
const MAX_HELD = 8 * MAX_BODY;
/** Each API server keeps a few connections. */
const MAX_CONNECTIONS = 256;
/** Milliseconds. The API server gives up after 3 s, and keeps idle connections for 90 s. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  handshakeTimeout: 5_000,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 100_000,
  connectionsCheckingInterval: 1_000,
};

/** Listens; rejects when it cannot. Port 0: the system chooses one. */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const held = { bytes: 0 };
  const server = createServer({ ...LIMITS, ...options.certificate, minVersion: 'TLSv1.2' }, (request, response) => {
    serve(request, response, options.review, held).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  // A failed handshake matters only to that client.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port, options.bind, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    present: (certificate) => server.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' }),
    close: () => close(server),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  review: WebhookServerOptions['review'],
  held: { bytes: number },
): Promise<void> {
  if (request.url?.split('?', 1)[0] !== INJECT_PATH) return refuse(response, 404, `there is ${INJECT_PATH}`);
  if (request.method !== 'POST') return refuse(response, 405, 'POST only');
  const body = await read(request, held);
  if (typeof body === 'number') return refuse(response, body, body === 413 ? 'too large' : 'too much at once');
  const answer = review(body);
  if (answer === undefined) return refuse(response, 400, 'an AdmissionReview of admission.k8s.io/v1 is expected');
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }).end(answer);
}

/** The body, or the status that refuses it. */
async function read(request: IncomingMessage, held: { bytes: number }): Promise<string | number> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) return 413;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // An early return must not destroy the connection, which still has to carry the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      held.bytes += chunk.length;
      if (size > MAX_BODY) return 413;
      if (held.bytes > MAX_HELD) return 503;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size).toString('utf8');
  } finally {
    held.bytes -= size;
  }
}

/** Closes the connection: the rest of a body is not read. */
function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${text}\n`);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
