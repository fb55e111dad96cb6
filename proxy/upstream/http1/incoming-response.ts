/** The response of one try: what has arrived of it, until it is passed on. */
import type { ResponseReceiver } from '../../http1/response-reader.ts';
import type { WireResponse } from '../../http1/wire-response.ts';

export interface InterimListener {
  onInterim(head: WireResponse): void;
}

export class IncomingResponse implements ResponseReceiver {
  /** Undefined until it has arrived. */
  head: WireResponse | undefined;
  /** What has arrived of the body, and was not passed on. */
  pieces: Buffer[] = [];
  /** Bytes of the body that have arrived. */
  bytes = 0;
  /** The response has arrived to its end. */
  whole = false;
  /** As received. */
  trailers: readonly string[] = [];
  #listener: InterimListener;

  constructor(listener: InterimListener) {
    this.#listener = listener;
  }

  onInterim(head: WireResponse): void {
    this.#listener.onInterim(head);
  }

  onHead(head: WireResponse): void {
    this.head = head;
  }

  onBody(piece: Buffer): void {
    this.pieces.push(piece);
    this.bytes += piece.length;
  }

  onEnd(trailers: readonly string[]): void {
    this.whole = true;
    this.trailers = trailers;
  }
}
