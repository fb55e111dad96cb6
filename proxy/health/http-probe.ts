import { Agent, request, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { isIPv6 } from 'node:net';
import type { HttpCheck } from '../snapshot/types.ts';
import { errorCode, type Probe, type ProbeResult } from './probe.ts';

/** How much of a body is read; the rest is not awaited. */
const MAX_BODY_BYTES = 64 * 1024;
/**
 * An idle connection is closed before the backend closes it (Node backends do after 5 s), or earlier if the Keep-Alive header says
 * so.
 */
const IDLE_MS = 4000;

interface ProbeResponse {
  readonly status: number;
  readonly body: Buffer;
}

type BodyPattern = { readonly matches: (body: Buffer) => boolean } | { readonly invalid: string };

/**
 * Passes when the status is expected, the body ends (or exceeds what is read) in time, and the regular expression, if any, is found
 * in it. Redirects are not followed. One connection, kept alive between probes.
 */
export class HttpProbe implements Probe {
  readonly #check: HttpCheck;
  readonly #options: RequestOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: IDLE_MS });
  #pattern: Promise<BodyPattern> | undefined;

  constructor(address: string, port: number, check: HttpCheck) {
    this.#check = check;
    const authority = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
    this.#options = {
      agent: this.#agent,
      host: address,
      port,
      method: check.method,
      path: check.path,
      headers: { host: check.hostname ?? authority, 'user-agent': 'outrigger-prober' },
    };
  }

  async run(signal: AbortSignal): Promise<ProbeResult> {
    const expression = await this.#compiled();
    if (expression !== undefined && 'invalid' in expression) return { ok: false, detail: expression.invalid };
    signal.throwIfAborted();
    const answer = await this.#send(signal);
    const detail = `HTTP ${answer.status}`;
    if (!this.#expected(answer.status)) return { ok: false, detail };
    if (expression !== undefined && !expression.matches(answer.body)) return { ok: false, detail: 'body does not match' };
    return { ok: true, detail };
  }

  close(): void {
    this.#agent.destroy();
  }

  #expected(status: number): boolean {
    return this.#check.expectedStatuses.some((range) => status >= range.from && status <= range.to);
  }

  #compiled(): Promise<BodyPattern> | undefined {
    if (this.#check.expectedBody !== undefined) this.#pattern ??= compile(this.#check.expectedBody);
    return this.#pattern;
  }

  /** A kept connection may have been closed during the request, which says nothing about the backend's health. */
  async #send(signal: AbortSignal): Promise<ProbeResponse> {
    const first = new ProbeRequest(this.#options);
    try {
      return await first.run(signal, (status) => this.#expected(status));
    } catch (error) {
      if (!first.stale(error) || signal.aborted) throw error;
      return new ProbeRequest(this.#options).run(signal, (status) => this.#expected(status));
    }
  }
}

/** The library is loaded when a check first needs it, since it costs megabytes. It matches in linear time, whatever the body. */
async function compile(source: string): Promise<BodyPattern> {
  const { RE2JS } = await import('re2js');
  try {
    const compiled = RE2JS.compile(source);
    return { matches: (body) => compiled.test(body) };
  } catch (error) {
    return { invalid: `expectedBody: ${error instanceof Error ? error.message : 'invalid expression'}` };
  }
}

/** One request and the part of its response that the check needs. */
class ProbeRequest {
  readonly #options: RequestOptions;
  #request: ClientRequest | undefined;
  #answered = false;

  constructor(options: RequestOptions) {
    this.#options = options;
  }

  /** Whether the error means that a kept connection was closed meanwhile. */
  stale(error: unknown): boolean {
    const closed = ['ECONNRESET', 'EPIPE'].includes(errorCode(error));
    return closed && !this.#answered && this.#request?.reusedSocket === true;
  }

  /** `wanted`: whether the body of a response with this status is needed. */
  run(signal: AbortSignal, wanted: (status: number) => boolean): Promise<ProbeResponse> {
    return new Promise((resolve, reject) => {
      const sent = request(this.#options);
      this.#request = sent;
      const abort = () => {
        sent.destroy();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      sent.on('error', reject);
      sent.once('close', () => signal.removeEventListener('abort', abort));
      sent.once('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, body: Buffer.alloc(0) });
      });
      sent.once('response', (response) => {
        this.#answered = true;
        const status = response.statusCode ?? 0;
        response.on('error', reject);
        if (wanted(status)) {
          collect(response, sent, (body) => resolve({ status, body }));
        } else {
          sent.destroy();
          resolve({ status, body: Buffer.alloc(0) });
        }
      });
      sent.end();
    });
  }
}

/** Reads up to the limit; a longer body is cut off by closing the connection. */
function collect(response: IncomingMessage, sent: ClientRequest, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < MAX_BODY_BYTES) return;
    response.removeAllListeners('data');
    sent.destroy();
    done(Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES));
  });
  response.once('end', () => done(Buffer.concat(chunks)));
}
