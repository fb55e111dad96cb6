import { connect, type Socket } from 'node:net';
import { ResponseReader, type Answer } from './http-response.ts';

const TIMEOUT_MS = 10_000;

export interface Target {
  readonly host: string;
  readonly port: number;
}

export function targetOf(text: string): Target {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** Why there was no head. */
export type NoAnswer = 'connect' | 'reset' | 'timeout' | 'malformed';

/** What became of one GET. `broken`: cut off after its head. */
export type Outcome =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'broken'; readonly status: number; readonly detail: string }
  | { readonly kind: 'failed'; readonly why: NoAnswer; readonly detail: string };

/**
 * One GET at a time over one raw socket, which is kept alive and opened anew when it is gone.
 *
 * With several targets it is the client of a Service: every new connection goes to the next of them, and so does a request whose
 * connection is refused, once for each target; nothing of it was sent. Whatever happens after that is final.
 */
export class HttpClient {
  readonly #targets: readonly Target[];
  readonly #path: string;
  readonly #done: (outcome: Outcome) => void;
  #turn: number;
  #refusals = 0;
  #socket: Socket | undefined;
  #reader = new ResponseReader();
  #busy = false;
  #timer: NodeJS.Timeout | undefined;
  /** Connections that came about. */
  opened = 0;

  /** `first`: index of the target that comes first. `done` gets the end of every request. */
  constructor(targets: readonly Target[], first: number, path: string, done: (outcome: Outcome) => void) {
    this.#targets = targets;
    this.#turn = first % targets.length;
    this.#path = path;
    this.#done = done;
  }

  /** `HOST:PORT` of the present connection, or of the next. */
  get target(): string {
    const { host, port } = this.#here;
    return `${host}:${port}`;
  }

  get #here(): Target {
    return this.#targets[this.#turn] as Target;
  }

  /** Not before the one before is done. */
  get(): void {
    this.#busy = true;
    this.#refusals = 0;
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#fail('timeout', `no answer within ${TIMEOUT_MS} ms`), TIMEOUT_MS).unref();
    this.#send();
  }

  close(): void {
    this.#busy = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drop();
  }

  #send(): void {
    this.#socket ??= this.#connect();
    this.#socket.write(`GET ${this.#path} HTTP/1.1\r\nHost: ${this.target}\r\n\r\n`);
  }

  #connect(): Socket {
    this.#reader = new ResponseReader();
    const socket = connect({ ...this.#here, noDelay: true });
    let connected = false;
    let why = 'the connection was closed';
    socket.on('connect', () => {
      connected = true;
      this.opened += 1;
    });
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
    this.#end({ kind: 'answered', status });
  }

  /** The peer ended the connection. */
  #cut(connected: boolean, why: string): void {
    if (!this.#busy) return this.#drop();
    const answer = this.#reader.end();
    if (answer) return this.#answered({ ...answer, keepAlive: false });
    const { status } = this.#reader;
    if (status !== undefined) return this.#give({ kind: 'broken', status, detail: `${why}, after the head of a ${status}` });
    if (connected) return this.#fail('reset', why);
    this.#refusals += 1;
    if (this.#refusals >= this.#targets.length) return this.#fail('connect', why);
    this.#drop();
    this.#send();
  }

  #fail(why: NoAnswer, detail: string): void {
    if (this.#busy) this.#give({ kind: 'failed', why, detail });
  }

  #give(outcome: Outcome): void {
    this.#drop();
    this.#end(outcome);
  }

  #end(outcome: Outcome): void {
    this.#busy = false;
    this.#done(outcome);
  }

  /** The next connection goes to the next target. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
    if (socket) this.#turn = (this.#turn + 1) % this.#targets.length;
  }
}
