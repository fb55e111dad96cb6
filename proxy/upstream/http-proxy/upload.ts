/** The request body of one try on its way to the backend. */
import type { ClientRequest } from 'node:http';
import { fieldPairs } from '../../message/fields.ts';
import type { BodyReader, RequestBody } from '../../message/request-body.ts';

/** A client that waits for 100 (Continue) is asked for the body after this long, whatever the backend does (RFC 9110 §10.1.1). */
const CONTINUE_PATIENCE = 1_000;

export class Upload implements BodyReader {
  #body: RequestBody;
  #request: ClientRequest;
  #sent: () => void;
  #patience: NodeJS.Timeout | undefined;
  #over = false;

  /** @param sent called once the whole body went out. */
  constructor(body: RequestBody, request: ClientRequest, sent: () => void) {
    this.#body = body;
    this.#request = request;
    this.#sent = sent;
    if (body.length === undefined) request.setHeader('transfer-encoding', 'chunked');
    if (body.awaitsContinue) request.setHeader('expect', '100-continue');
    request.on('drain', () => body.resume(this));
    request.flushHeaders();
  }

  /** The body is read from the client only once a connection is there: before that, nothing is lost by going elsewhere. */
  begin(): void {
    if (!this.#body.awaitsContinue) return this.#body.attach(this);
    this.#request.once('continue', () => this.#continue());
    this.#patience = setTimeout(() => this.#continue(), CONTINUE_PATIENCE);
  }

  /** The backend has answered: it need not be asked for 100 (Continue) any more. */
  answered(): void {
    clearTimeout(this.#patience);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#patience);
    this.#body.detach(this);
  }

  write(chunk: Buffer): boolean {
    return this.#request.write(chunk);
  }

  end(trailers: readonly string[]): void {
    if (trailers.length > 0 && this.#body.length === undefined) this.#request.addTrailers(fieldPairs(trailers));
    this.#request.end();
    this.#sent();
  }

  #continue(): void {
    if (this.#over || !this.#body.awaitsContinue) return;
    clearTimeout(this.#patience);
    this.#body.sendContinue();
    this.#body.attach(this);
  }
}
