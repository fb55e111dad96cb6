/** Sends the request of one try that has a body. The head leaves together with what of the body has arrived. */
import type { Socket } from 'node:net';
import { formatChunk, formatLastChunk } from '../../http1/format.ts';
import type { BodyReader, RequestBody } from '../../message/request-body.ts';

export class Upload implements BodyReader {
  /** The whole body was sent. */
  ended = false;
  #body: RequestBody;
  #socket: Socket;
  #sent: () => void;
  #chunked: boolean;
  #continueTimeout: number;
  #gathering = false;
  #continueTimer: NodeJS.Timeout | undefined;
  #over = false;

  /**
   * @param continueTimeout see continue-timeout.ts.
   * @param sent called once the whole body was sent.
   */
  constructor(body: RequestBody, socket: Socket, continueTimeout: number, sent: () => void) {
    this.#body = body;
    this.#socket = socket;
    this.#sent = sent;
    this.#continueTimeout = continueTimeout;
    this.#chunked = body.length === undefined;
  }

  /** The connection is open. The body is read from the client only from now on, so that a failed connect loses none of it. */
  begin(head: string): void {
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    // A client that sends the body without waiting for 100 (Continue) loses no time.
    this.#body.attach(this);
    // What has arrived of the body is delivered before this.
    process.nextTick(uncork, this.#socket);
    if (this.#over || !this.#body.awaitsContinue) return;
    this.#continueTimer = setTimeout(() => this.continue(), this.#continueTimeout);
  }

  /** The backend asks for the body, or has let its time pass. */
  continue(): void {
    if (this.#over || !this.#body.awaitsContinue) return;
    clearTimeout(this.#continueTimer);
    this.#body.sendContinue();
  }

  /** The backend has answered: the client need not be asked for the body any more. */
  answered(): void {
    clearTimeout(this.#continueTimer);
  }

  /** More can be written. */
  onDrain(): void {
    this.#body.resume(this);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#continueTimer);
    this.#body.detach(this);
  }

  write(chunk: Buffer): boolean {
    if (!this.#chunked) return this.#socket.write(chunk);
    this.#gather();
    let room = true;
    // An empty chunk would end the body.
    if (chunk.length > 0) for (const piece of formatChunk(chunk)) room = this.#socket.write(piece);
    return room;
  }

  end(trailers: readonly string[]): void {
    if (this.#chunked) this.#socket.write(formatLastChunk(trailers), 'latin1');
    this.ended = true;
    this.#sent();
  }

  /** Chunks that arrive together leave together. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#gathering = false;
      this.#socket.uncork();
    });
  }
}

function uncork(socket: Socket): void {
  socket.uncork();
}
