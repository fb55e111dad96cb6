/**
 * One request and its response, on the client's side. The pipeline and the engines of the backend's side know an Exchange,
 * never the protocol behind it. One is made per request, so it is kept cheap: one callback instead of a list of listeners.
 */
import type { LocalReply, RefusalReply } from './local-replies.ts';
import type { RequestBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseSink } from './response-sink.ts';

export interface Exchange {
  /** As the client sent it: for routing, balancing and the access log. A route changes a copy. */
  readonly request: RequestHead;
  /** Undefined: no body was announced. */
  readonly body: RequestBody | undefined;
  readonly response: ResponseSink;
  /** The peer's address, or the one that proxies in front state, if `listener.clientAddress` trusts them. */
  readonly clientAddress: string;
  readonly requestId: string;
  /** The client's version of HTTP: `1.0`, `1.1`, `2`. */
  readonly protocolVersion: string;
  /** Monotonic milliseconds at which the head was complete. */
  readonly started: number;
  /** The client has left, or was refused: it can no longer receive a response. */
  readonly gone: boolean;
  /** It is gone because the proxy closed its connection: the drain time of the listener is over. */
  readonly drained: boolean;
  /**
   * The rest of the request was refused, before the response had a head: settles when that reply was sent, or the client left.
   * Undefined: it was not.
   */
  readonly refusal: Promise<End> | undefined;
  /** Sets the one listener, which is called at most once: when the client is gone before the response was sent. */
  onGone(listener: (() => void) | undefined): void;
  /** A number that changes when bytes go to the client: read by the idle timeout. */
  progress(): number;
  /** Sends a local reply; settles when it was sent, or the client left. Only before the response has a head. */
  reply(r: LocalReply): Promise<End>;
}

/** How an exchange ended, as the client saw it. */
export interface End {
  /** How that ended which the client received: a whole local reply is `whole`, whatever the reason for it. */
  readonly how: 'whole' | 'upstream-broke' | 'client-gone' | 'deadline' | 'drained';
  /** What the client received instead of the backend's response; absent: that response. */
  readonly instead?: RefusalReply;
  /** Body bytes from the client, and those that were written to its connection; for a tunnel, all bytes after the heads. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}
