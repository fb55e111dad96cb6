import { connect, type Socket } from 'node:net';
import { ResponseReader, type CompleteResponse } from './http-response.ts';
import { writePieces } from './piecewise.ts';
import { requestBytes, type RequestShape } from './request-shape.ts';

const TIMEOUT_MS = 10_000;

export interface Target {
  readonly host: string;
  readonly port: number;
}

export function targetOf(text: string): Target {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** Why there was no response head. */
export type NoResponse = 'connect' | 'reset' | 'timeout' | 'malformed';

/** Result of one request. `broken`: the connection was closed after the response head. */
export type RequestOutcome =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'broken'; readonly status: number; readonly detail: string }
  | { readonly kind: 'failed'; readonly why: NoResponse; readonly detail: string };

/**
 * One request at a time over one raw socket, which is kept alive, and replaced when it is closed.
 *
 * With several targets it behaves as the client of a Service: every new connection goes to the next target. A request whose connection is
 * refused, so that nothing of it was sent, goes to the next target as well, at most once to each. Any later error is final.
 */
export class HttpClient {
  readonly #targets: readonly Target[];
  readonly #shape: RequestShape;
  /** The request, by the target that it is sent to. */
  readonly #bytes = new Map<Target, Buffer>();
  readonly #done: (outcome: RequestOutcome) => void;
  #targetIndex: number;
  #refusals = 0;
  #socket: Socket | undefined;
  #reader = new ResponseReader();
  #inProgress = false;
  #timer: NodeJS.Timeout | undefined;
  /** Connections that were established. */
  opened = 0;

  /** `first`: index of the first target to use. `done` is called at the end of every request. */
  constructor(targets: readonly Target[], first: number, shape: RequestShape, done: (outcome: RequestOutcome) => void) {
    this.#targets = targets;
    this.#targetIndex = first % targets.length;
    this.#shape = shape;
    this.#done = done;
  }

  /** `HOST:PORT` of the current connection, or of the next one. */
  get target(): string {
    const { host, port } = this.#currentTarget;
    return `${host}:${port}`;
  }

  get #currentTarget(): Target {
    return this.#targets[this.#targetIndex] as Target;
  }

  /** Call it only when no request is in progress. */
  request(): void {
    this.#inProgress = true;
    this.#refusals = 0;
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#fail('timeout', `no response within ${TIMEOUT_MS} ms`), TIMEOUT_MS).unref();
    this.#send();
  }

  close(): void {
    this.#inProgress = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#disconnect();
  }

  #send(): void {
    this.#socket ??= this.#connect();
    const target = this.#currentTarget;
    const bytes = this.#bytes.get(target) ?? requestBytes(this.#shape, this.target);
    this.#bytes.set(target, bytes);
    if (this.#shape.write === undefined) this.#socket.write(bytes);
    else writePieces(this.#socket, bytes, this.#shape.write);
  }

  #connect(): Socket {
    this.#reader = new ResponseReader();
    const socket = connect({ ...this.#currentTarget, noDelay: true });
    let connected = false;
    let why = 'the connection was closed';
    socket.on('connect', () => {
      connected = true;
      this.opened += 1;
    });
    socket.on('error', (error) => (why = error.message));
    socket.on('data', (chunk) => {
      if (socket === this.#socket) this.#onData(chunk);
    });
    socket.on('close', () => {
      if (socket === this.#socket) this.#onClose(connected, why);
    });
    return socket;
  }

  #onData(chunk: Buffer): void {
    let response: CompleteResponse | undefined;
    try {
      response = this.#reader.feed(chunk);
    } catch (error) {
      return this.#fail('malformed', (error as Error).message);
    }
    if (response) this.#onResponse(response);
  }

  #onResponse({ status, keepAlive }: CompleteResponse): void {
    if (!keepAlive) this.#disconnect();
    this.#finish({ kind: 'answered', status });
  }

  /** The peer closed the connection, or it was refused. */
  #onClose(connected: boolean, why: string): void {
    if (!this.#inProgress) return this.#disconnect();
    const response = this.#reader.end();
    if (response) return this.#onResponse({ ...response, keepAlive: false });
    const { status } = this.#reader;
    if (status !== undefined)
      return this.#disconnectAndFinish({ kind: 'broken', status, detail: `${why}, after the head of a ${status}` });
    if (connected) return this.#fail('reset', why);
    this.#refusals += 1;
    if (this.#refusals >= this.#targets.length) return this.#fail('connect', why);
    this.#disconnect();
    this.#send();
  }

  #fail(why: NoResponse, detail: string): void {
    if (this.#inProgress) this.#disconnectAndFinish({ kind: 'failed', why, detail });
  }

  #disconnectAndFinish(outcome: RequestOutcome): void {
    this.#disconnect();
    this.#finish(outcome);
  }

  #finish(outcome: RequestOutcome): void {
    this.#inProgress = false;
    this.#done(outcome);
  }

  /** The next connection goes to the next target. */
  #disconnect(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
    if (socket) this.#targetIndex = (this.#targetIndex + 1) % this.#targets.length;
  }
}
