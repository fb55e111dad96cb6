/** Where the response to one request goes: the client's side of it. It alone knows how a response is framed. */
import type { ResponseHead } from './response-head.ts';
import type { TunnelEnd } from './tunnel.ts';

/** What a sink reports to whoever writes to it. */
export interface SinkListener {
  /** After a `write` that returned false: there is room again. */
  onDrain(): void;
  /** At most once: everything up to the end of the response has been handed to the client's connection. */
  onSent(): void;
}

export interface ResponseSink {
  /** One listener at a time, the last one given. */
  listen(listener: SinkListener): void;
  /** An interim response (1xx other than 100 and 101): sent where protocol and client can have it, dropped elsewhere. */
  interim(status: number, fields: readonly string[]): void;
  /** The final head, once. False: this protocol cannot carry it; the sink has answered 502 instead, and reports when that was sent. */
  head(head: ResponseHead): boolean;
  /** Sends what was given so far, where no body byte is at hand yet. */
  flush(): void;
  /** Body bytes, after the head. False: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  /** The response is whole. `trailers`: names and values in turn, filtered (trailers.ts); dropped where the protocol has no place for them. */
  end(last: Buffer | undefined, trailers: readonly string[]): void;
  /** Ends the response before its time, so that the client can see that it is not whole. Any number of times, in any state. */
  abort(): void;
  /** The client does not take what was written. */
  readonly blocked: boolean;
  /** Body bytes that were written. */
  readonly bytes: number;
  /** Sends the head and makes of the connection, or stream, the client's end of a tunnel. Only where the request has a `protocol`. */
  openTunnel(head: ResponseHead): TunnelEnd;
}
