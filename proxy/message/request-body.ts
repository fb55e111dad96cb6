import { PieceList } from './piece-list.ts';

/** The receiver of a request body: one attempt. */
export interface BodyReader {
  /** False: wait for `resume` before the next chunk. */
  write(chunk: Buffer): boolean;
  /** The body is whole. `trailers`: names and values, alternating. */
  end(trailers: readonly string[]): void;
}

/** The sender of a request body: the client's side. */
export interface BodySource {
  /** Begins to read: passes chunks to `body.take`, the end to `body.finish`. Called at most once, when the first reader attaches. */
  start(body: RequestBody): void;
  pause(): void;
  resume(): void;
  /** Sends 100 (Continue), if that is still possible. */
  sendContinue(): void;
  /** The client did not send the rest in time: refuses the request with 408. */
  refuseStalled(): void;
}

/**
 * A request body. It streams to one reader at a time; while it fits the limit, it is kept, so that another reader can receive it from
 * its start. Nothing is read from the client before a reader attaches; a slow reader pauses the client.
 */
export class RequestBody {
  /** Bytes received so far. */
  bytes = 0;
  /** Length in bytes; undefined: known only at its end. */
  readonly length: number | undefined;
  #awaitsContinue: boolean;
  #source: BodySource;
  #limit = 0;
  #kept = new PieceList();
  #trailers: readonly string[] = [];
  #lost = false;
  #ended = false;
  #started = false;
  #paused = false;
  #suspended = false;
  #reader: BodyReader | undefined;

  /** @param awaitsContinue the client sends the body only after 100 (Continue). */
  constructor(source: BodySource, length: number | undefined, awaitsContinue: boolean) {
    this.#source = source;
    this.length = length;
    this.#awaitsContinue = awaitsContinue;
  }

  /** Keeps up to `limit` bytes while streaming. Only before the first reader. */
  hold(limit: number): void {
    this.#limit = limit;
  }

  /** Whether the whole body can be sent again from its start; may become false with every chunk. */
  get replayable(): boolean {
    return !this.#lost;
  }

  /** The client has sent the whole body. */
  get complete(): boolean {
    return this.#ended;
  }

  /** The reader can take more, and the client has not sent it. */
  get awaited(): boolean {
    return this.#reader !== undefined && !this.#ended && !this.#paused && !this.#awaitsContinue;
  }

  /** The client was not sent 100 (Continue), for which it may wait, and has sent nothing of the body. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue;
  }

  /** Sends 100 (Continue), once, if the client has asked for it: also to one that did not wait, but may do so for the rest. */
  sendContinue(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.#source.sendContinue();
  }

  /** The client has not sent what is awaited in time. */
  refuseStalled(): void {
    this.#source.refuseStalled();
  }

  /** Sends the body to `reader`, from its start. Only while replayable. */
  attach(reader: BodyReader): void {
    this.#suspended = false;
    this.#reader = reader;
    let room = true;
    for (const chunk of this.#kept.pieces) room = reader.write(chunk);
    if (this.#ended) reader.end(this.#trailers);
    else if (!this.#started) {
      this.#started = true;
      this.#source.start(this);
    } else if (room) this.#resume();
  }

  /** The reader can take more again. */
  resume(reader: BodyReader): void {
    if (this.#reader === reader && !this.#ended && !this.#suspended) this.#resume();
  }

  /** The reader needs no more. The client is paused until another one attaches. */
  detach(reader: BodyReader): void {
    if (this.#reader !== reader) return;
    this.#reader = undefined;
    if (!this.#ended && this.#started) this.#pause();
  }

  /**
   * Another reader is sought while this one is still attached. Nothing more is read until that one attaches, or `release`: what exceeds
   * the limit in between would be lost.
   */
  suspend(): void {
    this.#suspended = true;
    if (!this.#ended && this.#started) this.#pause();
  }

  /** No retry is possible any more: frees what was kept. The reader receives the rest. */
  release(): void {
    this.#limit = 0;
    this.#kept.take();
    if (this.bytes > 0) this.#lost = true;
    if (!this.#suspended) return;
    this.#suspended = false;
    if (this.#reader && !this.#ended) this.#resume();
  }

  /** For the source: the next chunk. */
  take(chunk: Buffer): void {
    this.sendContinue();
    this.bytes += chunk.length;
    if (!this.#lost) {
      if (this.bytes <= this.#limit) this.#kept.push(chunk);
      else {
        this.#lost = true;
        this.#kept.take();
      }
    }
    if (this.#reader?.write(chunk) === false) this.#pause();
  }

  /** For the source: the body is whole. `trailers`: names and values, alternating, filtered by trailers.ts. */
  finish(trailers: readonly string[]): void {
    this.sendContinue();
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
