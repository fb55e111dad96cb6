/** The receiver of the response to one request, on the client's side. Only the sink knows how a response is framed. */
import type { Fields } from './fields.ts';
import type { ResponseHead } from './response-head.ts';
import type { TunnelEnd } from './tunnel.ts';

/** Reports of a sink to the attempt that writes to it. */
export interface SinkListener {
  /** After a `write` that returned false: more can be written. */
  onDrain(): void;
  /** At most once: the whole response has been written to the client's connection. */
  onSent(): void;
}

export interface ResponseSink {
  /** Sets the one listener. */
  listen(listener: SinkListener): void;
  /**
   * An interim response (1xx other than 100 and 101) with its end-to-end fields: sent if the protocol and the client allow it, else dropped;
   * also dropped while the client does not read.
   */
  interim(status: number, fields: Fields): void;
  /**
   * The final head, once. False: the protocol cannot carry it; the sink has sent LOCAL_REPLIES.malformedResponseHead instead, which is
   * in `bytes`, and calls `onSent` after that.
   */
  head(head: ResponseHead): boolean;
  /** Sends the head now, if there is no body byte to send with it. */
  flush(): void;
  /** Body bytes, after the head. False: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  /** The response is whole. `trailers`: names and values, alternating, filtered by trailers.ts; dropped if they cannot be sent. */
  end(last: Buffer | undefined, trailers: readonly string[]): void;
  /** Cuts the response, so that the client can see that it is not whole. Any number of times, in any state. */
  abort(): void;
  /** The client has not read what was written. */
  readonly blocked: boolean;
  /** Body bytes that were written. */
  readonly bytes: number;
  /** Sends the head; then the connection, or stream, is the client's end of a tunnel. Only if the request has a `protocol`. */
  openTunnel(head: ResponseHead): TunnelEnd;
}
