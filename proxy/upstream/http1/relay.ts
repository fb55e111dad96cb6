/** Moves a committed response from the backend to the client's sink. */
import type { IncomingResponse } from './incoming-response.ts';
import type { End, Exchange } from '../../message/exchange.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { RefusalReply } from '../../message/local-replies.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { SinkListener } from '../../message/response-sink.ts';
import { allowedTrailers } from '../../message/trailers.ts';

/** The attempt whose response is moved. */
export interface RelayedAttempt {
  /** The backend waits. */
  pause(): void;
  resume(): void;
  /** Nothing more of the response is needed. */
  abandon(): void;
  /** The exchange is over: the attempt is, too. */
  finish(): void;
}

export class Relay implements SinkListener {
  readonly done: Promise<End>;
  #resolve!: (end: End) => void;
  #x: Exchange;
  #response: IncomingResponse;
  #attempt: RelayedAttempt;
  #over = false;
  /** Sent to the client in place of this response. */
  #instead: RefusalReply | undefined;

  constructor(x: Exchange, head: ResponseHead, response: IncomingResponse, attempt: RelayedAttempt) {
    this.#x = x;
    this.#response = response;
    this.#attempt = attempt;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
    x.response.listen(this);
    if (x.gone) this.breakOff('client-gone');
    else if (!x.response.head(head)) {
      this.#instead = LOCAL_REPLIES.malformedResponseHead;
      attempt.abandon();
    } else if (response.whole || response.pieces.length > 0) this.forward();
    else x.response.flush();
  }

  /** Passes on what has arrived. */
  forward(): void {
    if (this.#over || this.#instead) return;
    const { pieces, whole, trailers } = this.#response;
    const last = whole ? pieces.pop() : undefined;
    const sink = this.#x.response;
    let room = true;
    for (const piece of pieces) room = sink.write(piece);
    pieces.length = 0;
    if (whole) sink.end(last, allowedTrailers(trailers));
    else if (room) this.#attempt.resume();
    else this.#attempt.pause();
  }

  onSent(): void {
    this.#end('whole');
  }

  onDrain(): void {
    this.#attempt.resume();
  }

  /** There was no progress for `timeouts.idle`. */
  stalled(): void {
    this.breakOff(this.#response.whole || this.#x.response.blocked ? 'client-gone' : 'upstream-broke');
  }

  /** Ends the exchange early. The response is cut, so that the client can see it. */
  breakOff(how: End['how']): void {
    if (this.#over) return;
    this.#end(how);
    this.#x.response.abort();
  }

  #end(how: End['how']): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempt.finish();
    const { body, response } = this.#x;
    const bytes = { bytesIn: body?.bytes ?? 0, bytesOut: response.bytes };
    this.#resolve(this.#instead ? { how, ...bytes, instead: this.#instead } : { how, ...bytes });
  }
}
