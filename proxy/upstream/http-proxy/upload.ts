/** The request body of one try on its way to the backend. */
import type { ClientRequest } from 'node:http';
import type { BodySink, RequestBody } from '../../message/request-body.ts';
import type { Http1Exchange } from '../../downstream/http1/exchange.ts';
import { trailersToSend } from '../../message/trailers.ts';

/** A client that waits for 100 (Continue) gets it after this long, whatever the backend does (RFC 9110 §10.1.1 asks not to wait for ever). */
const CONTINUE_PATIENCE = 1_000;

export class Upload implements BodySink {
  #x: Http1Exchange;
  #body: RequestBody;
  #request: ClientRequest;
  #sent: () => void;
  #patience: NodeJS.Timeout | undefined;
  #over = false;

  /** `sent` is called once the whole body went out. */
  constructor(x: Http1Exchange, body: RequestBody, request: ClientRequest, sent: () => void) {
    this.#x = x;
    this.#body = body;
    this.#request = request;
    this.#sent = sent;
    if (x.chunked) request.setHeader('transfer-encoding', 'chunked');
    if (x.awaitsContinue) request.setHeader('expect', '100-continue');
    request.on('drain', () => body.resume(this));
    request.flushHeaders();
  }

  /** The body is read from the client only once a connection is there: before that, nothing is lost by going elsewhere. */
  begin(): void {
    if (!this.#x.awaitsContinue) return this.#body.attach(this);
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
    if (trailers.length > 0 && this.#x.chunked) this.#request.addTrailers(trailersToSend(trailers));
    this.#request.end();
    this.#sent();
  }

  #continue(): void {
    if (this.#over || !this.#x.awaitsContinue) return;
    clearTimeout(this.#patience);
    this.#x.awaitsContinue = false;
    this.#x.res.writeContinue();
    this.#body.attach(this);
  }
}
