import { Agent, ProxyAgent, request, type Dispatcher } from 'undici';
import type { Access, AccessSource } from './api-access.ts';
import { ApiError, statusError } from './api-error.ts';

/** A client of the API server: raw JSON over connections that are kept and shared. */
export interface KubeClient {
  /**
   * One exchange. Resolves with the parsed body of a 2xx answer.
   *
   * @throws ApiError for any other status; other errors where there was no answer
   */
  call<T>(call: Call): Promise<T>;
  /** Opens a stream (WATCH) and yields its bytes as they arrive. Leaving the iteration closes the connection. */
  stream(call: Call): Promise<AsyncIterable<Uint8Array>>;
  /** Aborts all requests. */
  close(): Promise<void>;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path on the API server, every segment already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of the body; by default `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds until the head of the answer, and between any two pieces of its body. */
  readonly timeout?: number;
}

/** Longest answer that is accepted: a page of 500 objects of 128 KiB each. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const DEFAULT_TIMEOUT = 30_000;

export function createKubeClient(source: AccessSource, userAgent: string): KubeClient {
  const pool = dispatchers();
  const send = async (call: Call, bodyTimeout: number): Promise<Dispatcher.ResponseData> => {
    const access = await source.current();
    const answer = await request(urlOf(access.server, call), {
      dispatcher: pool.of(access),
      method: call.method ?? 'GET',
      headers: {
        'user-agent': userAgent,
        ...access.headers,
        accept: call.accept ?? 'application/json',
        ...(call.body !== undefined && { 'content-type': call.contentType ?? 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: call.signal ?? null,
      headersTimeout: call.timeout ?? DEFAULT_TIMEOUT,
      bodyTimeout,
    });
    if (answer.statusCode === 401) source.forget();
    if (answer.statusCode < 200 || answer.statusCode > 299) throw await failure(answer);
    return answer;
  };
  return {
    async call<T>(call: Call) {
      const answer = await send(call, call.timeout ?? DEFAULT_TIMEOUT);
      return parse<T>(await text(answer.body));
    },
    async stream(call) {
      // How long a stream may be silent is for its reader to decide.
      return (await send(call, 0)).body;
    },
    close: () => pool.destroy(),
  };
}

function urlOf(server: string, call: Call): string {
  const query = new URLSearchParams(call.query).toString();
  return `${server}${call.path}${query && `?${query}`}`;
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A syntax error of JSON.parse quotes the text, which may be a Secret; this error does not. */
function parse<T>(body: string): T {
  try {
    return JSON.parse(body) as T;
  } catch {
    throw new Error('the answer is not JSON');
  }
}

/** Errors are Status objects, except for an unknown path: `404 page not found` as plain text. */
async function failure(answer: Dispatcher.ResponseData): Promise<ApiError> {
  const body = await text(answer.body);
  let status: unknown;
  try {
    status = JSON.parse(body);
  } catch {
    // Plain text: used as it is.
  }
  const { statusCode } = answer;
  return statusError(statusCode, status) ?? new ApiError(statusCode, '', body.slice(0, 200).trim() || 'no explanation');
}

/** One dispatcher for as long as the TLS material stays the same; the previous one finishes its requests. */
function dispatchers(): { of(access: Access): Dispatcher; destroy(): Promise<void> } {
  const open = new Set<Dispatcher>();
  let current: { readonly key: string; readonly dispatcher: Dispatcher } | undefined;
  return {
    of(access) {
      const key = JSON.stringify([access.tls, access.proxy]);
      if (current?.key === key) return current.dispatcher;
      const old = current?.dispatcher;
      void old?.close().finally(() => open.delete(old));
      current = { key, dispatcher: dispatcherFor(access) };
      open.add(current.dispatcher);
      return current.dispatcher;
    },
    async destroy() {
      await Promise.all([...open].map((dispatcher) => dispatcher.destroy()));
    },
  };
}

function dispatcherFor({ tls, proxy }: Access): Dispatcher {
  // HTTP/1.1: every watch has its own connection, so that one that stalls does not stall the others.
  const options = { allowH2: false, pipelining: 1, keepAliveTimeout: 30_000 } as const;
  if (proxy !== undefined) return new ProxyAgent({ ...options, uri: proxy, requestTls: { ...tls, timeout: 5000 } });
  return new Agent({ ...options, connect: { ...tls, timeout: 5000 } });
}
