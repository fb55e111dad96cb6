/** Moves a committed response from the backend to the client's sink. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { End, Exchange } from '../../message/exchange.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { RefusalReply } from '../../message/local-replies.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { SinkListener } from '../../message/response-sink.ts';
import { allowedTrailers } from '../../message/trailers.ts';

export class Relay implements SinkListener {
  readonly done: Promise<End>;
  #resolve!: (end: End) => void;
  #x: Exchange;
  #request: ClientRequest;
  #response: IncomingMessage;
  #finished: () => void;
  #over = false;
  /** Sent to the client in place of this response. */
  #instead: RefusalReply | undefined;

  /** @param finished called once, however the exchange ends. */
  constructor(x: Exchange, request: ClientRequest, response: IncomingMessage, head: ResponseHead, finished: () => void) {
    this.#x = x;
    this.#request = request;
    this.#response = response;
    this.#finished = finished;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
    x.response.listen(this);
    if (x.gone) this.breakOff('client-gone');
    else if (x.response.head(head)) this.#startBody();
    else {
      this.#instead = LOCAL_REPLIES.malformedResponseHead;
      request.destroy();
    }
  }

  onSent(): void {
    this.#end('whole');
  }

  onDrain(): void {
    this.#response.resume();
  }

  /** There was no progress for `timeouts.idle`. */
  stalled(): void {
    const unread = this.#response.complete || this.#x.response.blocked;
    this.breakOff(unread ? 'client-gone' : 'upstream-broke');
  }

  /** Ends the exchange early. The response is cut, so that the client can see it. */
  breakOff(how: End['how']): void {
    if (this.#over) return;
    this.#end(how);
    this.#request.destroy();
    this.#x.response.abort();
  }

  #startBody(): void {
    const response = this.#response;
    const sink = this.#x.response;
    // A short response has already arrived: one write, no listeners.
    const first = response.read() as Buffer | null;
    if (response.complete && response.readableLength === 0 && response.rawTrailers.length === 0) {
      sink.end(first ?? undefined, []);
      response.resume();
      return;
    }
    if (first) this.#forward(first);
    else sink.flush();
    response.on('data', (chunk: Buffer) => this.#forward(chunk));
    response.on('end', () => this.#whole());
    response.on('error', () => this.breakOff('upstream-broke'));
    response.on('close', () => {
      if (!response.complete) this.breakOff('upstream-broke');
    });
  }

  #forward(chunk: Buffer): void {
    if (!this.#x.response.write(chunk)) this.#response.pause();
  }

  #whole(): void {
    if (!this.#over) this.#x.response.end(undefined, allowedTrailers(this.#response.rawTrailers));
  }

  #end(how: End['how']): void {
    if (this.#over) return;
    this.#over = true;
    this.#finished();
    // Answered before the upload ended: the connection is within a request and cannot be reused.
    if (!this.#request.writableEnded) this.#request.destroy();
    const { body, response } = this.#x;
    const bytes = { bytesIn: body?.bytes ?? 0, bytesOut: response.bytes };
    this.#resolve(this.#instead ? { how, ...bytes, instead: this.#instead } : { how, ...bytes });
  }
}
