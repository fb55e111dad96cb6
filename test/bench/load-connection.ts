import { connect, type Socket } from 'node:net';
import { ResponseReader, type Answer } from './http-response.ts';
import type { Tally } from './load-tally.ts';

const TIMEOUT_MS = 10_000;
/** After a failure, so that a dead target is not asked in a tight loop. */
const PAUSE_MS = 10;

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** One client in a closed loop: the next GET leaves when the one before is over, on the same connection where that is possible. */
export class LoadConnection {
  readonly #target: Target;
  readonly #name: string;
  readonly #request: string;
  readonly #tally: Tally;
  readonly #more: () => boolean;
  readonly #finished = Promise.withResolvers<void>();
  #socket: Socket | undefined;
  #reader = new ResponseReader();
  #began = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `more` is asked before every request. */
  constructor(target: Target, path: string, tally: Tally, more: () => boolean) {
    this.#target = target;
    this.#name = `${target.host}:${target.port}`;
    this.#request = `GET ${path} HTTP/1.1\r\nHost: ${this.#name}\r\n\r\n`;
    this.#tally = tally;
    this.#more = more;
  }

  /** Resolves when there are no more requests, and the last one is over. */
  run(): Promise<void> {
    this.#timer = setTimeout(() => this.#fail('timeout', `no answer within ${TIMEOUT_MS} ms`), TIMEOUT_MS);
    this.#next();
    return this.#finished.promise;
  }

  #next(): void {
    if (!this.#more()) return this.#finish();
    this.#began = performance.now();
    this.#timer?.refresh();
    this.#socket ??= this.#connect();
    this.#socket.write(this.#request);
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#drop();
    this.#finished.resolve();
  }

  #connect(): Socket {
    this.#reader = new ResponseReader();
    const socket = connect({ ...this.#target, noDelay: true });
    let connected = false;
    let why = 'the connection was closed';
    socket.on('connect', () => (connected = true));
    socket.on('error', (error) => (why = error.message));
    socket.on('data', (chunk) => {
      if (socket === this.#socket) this.#read(chunk);
    });
    socket.on('close', () => {
      if (socket === this.#socket) this.#cut(connected, why);
    });
    return socket;
  }

  #read(chunk: Buffer): void {
    let answer: Answer | undefined;
    try {
      answer = this.#reader.feed(chunk);
    } catch (error) {
      return this.#fail('malformed', (error as Error).message);
    }
    if (answer) this.#answered(answer);
  }

  #answered({ status, keepAlive }: Answer): void {
    if (!keepAlive) this.#drop();
    if (status >= 500) return this.#fail('status', String(status));
    this.#tally.answered(status, performance.now() - this.#began);
    this.#next();
  }

  /** The peer ended the connection. */
  #cut(connected: boolean, why: string): void {
    const answer = this.#reader.end();
    if (answer) return this.#answered(answer);
    const { head } = this.#reader;
    if (head === undefined) return this.#fail(connected ? 'reset' : 'connect', why);
    if (/^HTTP\/1\.1 5/.test(head)) return this.#fail('status', head);
    this.#tally.broken(this.#name, why);
    this.#later();
  }

  #fail(kind: Parameters<Tally['failed']>[0], detail: string): void {
    this.#tally.failed(kind, this.#name, detail);
    this.#later();
  }

  #later(): void {
    this.#drop();
    setTimeout(() => this.#next(), PAUSE_MS);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }
}
