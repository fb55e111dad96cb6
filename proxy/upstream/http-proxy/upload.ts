/** Sends the request body of one try to the backend. */
import type { ClientRequest } from 'node:http';
import { fieldPairs } from '../../message/fields.ts';
import type { BodyReader, RequestBody } from '../../message/request-body.ts';
import type { RequestHead } from '../../message/request-head.ts';

export class Upload implements BodyReader {
  #body: RequestBody;
  #request: ClientRequest;
  #sent: () => void;
  #continueTimeout: number;
  #continueTimer: NodeJS.Timeout | undefined;
  #over = false;

  /**
   * @param head announces trailers.
   * @param continueTimeout see continue-timeout.ts.
   * @param sent called once the whole body was sent.
   */
  constructor(
    body: RequestBody,
    request: ClientRequest,
    { trailer }: Pick<RequestHead, 'trailer'>,
    continueTimeout: number,
    sent: () => void,
  ) {
    this.#body = body;
    this.#request = request;
    this.#sent = sent;
    this.#continueTimeout = continueTimeout;
    if (body.length === undefined) request.setHeader('transfer-encoding', 'chunked');
    if (body.length === undefined && trailer !== undefined) request.setHeader('trailer', trailer);
    if (body.awaitsContinue) request.setHeader('expect', '100-continue');
    request.on('drain', () => body.resume(this));
    // Unlike flushHeaders(), keeps the bytes of values above ASCII.
    request.write('', 'latin1');
  }

  /** The connection is open. The body is read from the client only from now on, so that a failed connect loses none of it. */
  begin(): void {
    // A client that sends the body without waiting for 100 (Continue) loses no time.
    this.#body.attach(this);
    if (this.#over || !this.#body.awaitsContinue) return;
    this.#request.once('continue', () => this.#continue());
    this.#continueTimer = setTimeout(() => this.#continue(), this.#continueTimeout);
  }

  /** The backend has answered: the client need not be asked for the body any more. */
  answered(): void {
    clearTimeout(this.#continueTimer);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#continueTimer);
    this.#body.detach(this);
  }

  write(chunk: Buffer): boolean {
    return this.#request.write(chunk);
  }

  end(trailers: readonly string[]): void {
    if (trailers.length > 0 && this.#body.length === undefined) this.#addTrailers(trailers);
    this.#request.end();
    this.#sent();
  }

  #addTrailers(trailers: readonly string[]): void {
    try {
      this.#request.addTrailers(fieldPairs(trailers));
    } catch {
      // node:http refuses one of them: a request is whole without trailers.
    }
  }

  #continue(): void {
    if (this.#over || !this.#body.awaitsContinue) return;
    clearTimeout(this.#continueTimer);
    this.#body.sendContinue();
  }
}
