/** Where a request body goes: one attempt. */
export interface BodyReader {
  /** False: no more until `resume`. */
  write(chunk: Buffer): boolean;
  /** The body is whole; trailers as names and values in turn. */
  end(trailers: readonly string[]): void;
}

/** Where a request body comes from: the client's side. */
export interface BodySource {
  /** Begins to read: chunks go to `take`, the end to `finish`. Called at most once, when the first reader asks. */
  start(body: RequestBody): void;
  pause(): void;
  resume(): void;
  /** Tells a client that waits for it to send the body: 100 (Continue). */
  sendContinue(): void;
  /** The client does not send the rest in time: the request is refused with 408. */
  refuseStalled(): void;
}

/**
 * A request body that streams to one reader at a time and, while it fits the limit, is kept so that another reader can have it from
 * its start. Nothing is read from the client before a reader asks; a slow reader pauses the client.
 */
export class RequestBody {
  /** Bytes received so far. */
  bytes = 0;
  /** Undefined: known only at its end. */
  readonly length: number | undefined;
  #awaitsContinue: boolean;
  #source: BodySource;
  #limit = 0;
  #kept: Buffer[] = [];
  #trailers: readonly string[] = [];
  #lost = false;
  #ended = false;
  #started = false;
  #paused = false;
  #reader: BodyReader | undefined;

  /** @param awaitsContinue the client sends the body only when asked to (Expect: 100-continue). */
  constructor(source: BodySource, length: number | undefined, awaitsContinue: boolean) {
    this.#source = source;
    this.length = length;
    this.#awaitsContinue = awaitsContinue;
  }

  /** Keeps up to `limit` bytes while streaming; never waits for the end. Only before the first reader. */
  hold(limit: number): void {
    this.#limit = limit;
  }

  /** Whether the whole body can still be sent again from its start; ask when the decision is due. */
  get replayable(): boolean {
    return !this.#lost;
  }

  /** The client has sent all of it. */
  get complete(): boolean {
    return this.#ended;
  }

  /** A reader has room, and the client does not send. */
  get awaited(): boolean {
    return this.#reader !== undefined && !this.#ended && !this.#paused;
  }

  /** The client waits until it is asked to send the body. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue;
  }

  /** Asks the client for the body, where it waits for that. */
  sendContinue(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.#source.sendContinue();
  }

  /** The client, whose turn it is, has sent nothing for too long. */
  refuseStalled(): void {
    this.#source.refuseStalled();
  }

  /** Sends the body to `reader`, from its start. Only while replayable. */
  attach(reader: BodyReader): void {
    this.#reader = reader;
    let room = true;
    for (const chunk of this.#kept) room = reader.write(chunk);
    if (this.#ended) reader.end(this.#trailers);
    else if (!this.#started) {
      this.#started = true;
      this.#source.start(this);
    } else if (room) this.#resume();
  }

  /** The reader has room again. */
  resume(reader: BodyReader): void {
    if (this.#reader === reader && !this.#ended) this.#resume();
  }

  /** The reader wants no more. What comes meanwhile waits at the client. */
  detach(reader: BodyReader): void {
    if (this.#reader !== reader) return;
    this.#reader = undefined;
    if (!this.#ended && this.#started) this.#pause();
  }

  /** No retry from here on: what was kept is let go. */
  release(): void {
    this.#limit = 0;
    this.#kept = [];
    if (this.bytes > 0) this.#lost = true;
  }

  /** For the source: the next chunk. */
  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (!this.#lost) {
      if (this.bytes <= this.#limit) this.#kept.push(chunk);
      else {
        this.#lost = true;
        this.#kept = [];
      }
    }
    if (this.#reader?.write(chunk) === false) this.#pause();
  }

  /** For the source: the body is whole. `trailers`: names and values in turn, filtered (trailers.ts). */
  finish(trailers: readonly string[]): void {
    this.#ended = true;
    this.#trailers = trailers;
    this.#reader?.end(trailers);
  }

  #pause(): void {
    this.#paused = true;
    this.#source.pause();
  }

  #resume(): void {
    this.#paused = false;
    this.#source.resume();
  }
}
