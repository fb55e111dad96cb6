import type { IncomingMessage } from 'node:http';

/** Where a request body goes: the part of ClientRequest that is used. */
export interface BodySink {
  write(chunk: Buffer): boolean;
  /** The body is whole; trailers as names and values in turn. */
  end(trailers: readonly string[]): void;
}

const NOTHING: readonly string[] = [];

/**
 * A request body that streams to one sink at a time and, while it fits the limit, is kept so that another sink can have it from
 * its start. Nothing is read from the client before a sink asks; a sink that is slow pauses the client.
 */
export class RequestBody {
  bytes = 0;
  #req: IncomingMessage;
  #limit = 0;
  #kept: Buffer[] = [];
  #lost = false;
  #ended = false;
  #listening = false;
  #sink: BodySink | undefined;

  constructor(req: IncomingMessage) {
    this.#req = req;
  }

  /** Keep up to `limit` bytes. Only before the first sink. */
  hold(limit: number): void {
    this.#limit = limit;
  }

  get replayable(): boolean {
    return !this.#lost;
  }

  /** The client has sent all of it. */
  get complete(): boolean {
    return this.#ended;
  }

  /** A sink wants more, and the client does not send it. */
  get awaited(): boolean {
    return this.#sink !== undefined && !this.#ended && !this.#req.isPaused();
  }

  /** Sends the body to `sink`, from its start. Only while replayable. */
  attach(sink: BodySink): void {
    this.#sink = sink;
    let room = true;
    for (const chunk of this.#kept) room = sink.write(chunk);
    if (this.#ended) sink.end(this.#trailers());
    else if (this.#listening) {
      if (room) this.#req.resume();
    } else this.#listen();
  }

  /** The sink has room again. */
  resume(sink: BodySink): void {
    if (this.#sink === sink && !this.#ended) this.#req.resume();
  }

  /** The sink wants no more. What comes meanwhile waits in the client's socket. */
  detach(sink: BodySink): void {
    if (this.#sink !== sink) return;
    this.#sink = undefined;
    if (!this.#ended && this.#listening) this.#req.pause();
  }

  /** No retry from here on: what was kept is let go. */
  release(): void {
    this.#limit = 0;
    this.#kept = [];
    if (this.bytes > 0) this.#lost = true;
  }

  #listen(): void {
    this.#listening = true;
    this.#req.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#req.on('end', () => {
      this.#ended = true;
      this.#sink?.end(this.#trailers());
    });
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (!this.#lost) {
      if (this.bytes <= this.#limit) this.#kept.push(chunk);
      else {
        this.#lost = true;
        this.#kept = [];
      }
    }
    if (this.#sink?.write(chunk) === false) this.#req.pause();
  }

  #trailers(): readonly string[] {
    return this.#req.rawTrailers.length > 0 ? this.#req.rawTrailers : NOTHING;
  }
}
