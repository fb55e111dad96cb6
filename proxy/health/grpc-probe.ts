import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import { isIPv6 } from 'node:net';
import type { GrpcCheck } from '../snapshot/types.ts';
import { decodeStatus, encodeCheck } from './grpc-message.ts';
import { errorCode, type Probe, type ProbeResult } from './probe.ts';

const PATH = '/grpc.health.v1.Health/Check';
/** A valid response has about ten bytes. */
const MAX_BODY_BYTES = 64 * 1024;
/** Milliseconds without a probe after which the connection is closed. */
const IDLE_MS = 30_000;
const MALFORMED: ProbeResult = { ok: false, detail: 'malformed response' };

/** Names of the gRPC status codes, by number. */
const CODES = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
];

/**
 * Passes when grpc.health.v1 reports SERVING, over HTTP/2 with prior knowledge. One connection, kept alive between probes.
 * node:http2 is loaded by the first probe, since it costs 9 MB of memory.
 */
export class GrpcProbe implements Probe {
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #message: Buffer;
  #session: ClientHttp2Session | undefined;
  #closed = false;

  constructor(address: string, port: number, check: GrpcCheck) {
    const authority = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
    this.#origin = `http://${authority}`;
    this.#headers = {
      ':method': 'POST',
      ':path': PATH,
      ':authority': check.hostname ?? authority,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'outrigger-prober',
    };
    this.#message = encodeCheck(check.service ?? '');
  }

  async run(signal: AbortSignal): Promise<ProbeResult> {
    const { connect } = await import('node:http2');
    signal.throwIfAborted();
    const kept = this.#session;
    try {
      return await this.#call(kept ?? this.#keep(connect(this.#origin)), signal);
    } catch (error) {
      // A kept connection may have been closed meanwhile, which says nothing about the backend's health.
      if (kept === undefined || signal.aborted || !isClosed(error)) throw error;
      return await this.#call(this.#keep(connect(this.#origin)), signal);
    }
  }

  close(): void {
    this.#closed = true;
    this.#session?.destroy();
  }

  #keep(session: ClientHttp2Session): ClientHttp2Session {
    const forget = () => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on('error', forget).on('goaway', forget).on('close', forget);
    session.setTimeout(IDLE_MS, () => session.close());
    session.unref();
    if (!this.#closed) this.#session = session;
    return session;
  }

  async #call(session: ClientHttp2Session, signal: AbortSignal): Promise<ProbeResult> {
    try {
      return judge(await new GrpcCall(session, this.#headers, this.#message).response(signal));
    } catch (error) {
      // Also destroys a session that is no longer kept: it was closed gracefully but hangs.
      session.destroy();
      throw error;
    }
  }
}

type ResponseHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader;

interface GrpcResponse {
  readonly headers: ResponseHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One gRPC call. */
class GrpcCall {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;

  constructor(session: ClientHttp2Session, headers: Readonly<Record<string, string>>, message: Buffer) {
    this.#session = session;
    this.#stream = session.request(headers);
    this.#stream.end(message);
  }

  /** Rejects with the error that ended the stream or its connection. */
  response(signal: AbortSignal): Promise<GrpcResponse> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      let headers: ResponseHeaders | undefined;
      let trailers: IncomingHttpHeaders = {};
      const chunks: Buffer[] = [];
      let size = 0;
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      // An error of the connection is more specific than the stream error it causes.
      this.#session.once('error', reject);
      stream.on('error', (error: Error) => reject(error.cause instanceof Error ? error.cause : error));
      stream.once('response', (received: ResponseHeaders) => (headers = received));
      stream.once('trailers', (received: IncomingHttpHeaders) => (trailers = received));
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if ((size += chunk.length) > MAX_BODY_BYTES) stream.close();
      });
      stream.once('close', () => {
        signal.removeEventListener('abort', abort);
        this.#session.off('error', reject);
        if (headers) resolve({ headers, trailers, body: Buffer.concat(chunks) });
        else reject(new StreamClosed());
      });
    });
  }
}

/** The connection was closed without a response and without an error. */
class StreamClosed extends Error {
  readonly code = 'ECONNRESET';
}

function judge({ headers, trailers, body }: GrpcResponse): ProbeResult {
  if (headers[':status'] !== 200) return { ok: false, detail: `HTTP ${headers[':status']}` };
  // In a trailers-only response the status is in the headers.
  const code = trailers['grpc-status'] ?? headers['grpc-status'];
  if (typeof code !== 'string' || !/^\d{1,3}$/.test(code)) return MALFORMED;
  if (code !== '0') return { ok: false, detail: `gRPC ${CODES[Number(code)] ?? code}` };
  const status = decodeStatus(body);
  return status === undefined ? MALFORMED : { ok: status === 'SERVING', detail: status };
}

/** Whether the connection was closed or refuses further streams, as after RST_STREAM with REFUSED_STREAM. */
function isClosed(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION', 'ERR_HTTP2_STREAM_ERROR'].includes(
    errorCode(error),
  );
}
