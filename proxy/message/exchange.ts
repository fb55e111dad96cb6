/**
 * One request and its response, as the client's side sees them. The pipeline and the engines of the backend's side know an Exchange,
 * never the protocol behind it. Crossed for every request, so it is kept cheap: callbacks where there is one listener.
 */
import type { LocalReply } from './local-replies.ts';
import type { RequestBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseSink } from './response-sink.ts';

export interface Exchange {
  /** As the client sent it: what routes, balancing and the access log go by. What a route changes goes into a copy. */
  readonly request: RequestHead;
  /** Undefined: no body was announced. */
  readonly body: RequestBody | undefined;
  readonly response: ResponseSink;
  /** The listener's port as the policy names it. */
  readonly port: number;
  /** The peer's address, or what proxies in front say where `listener.clientAddress` trusts them. */
  readonly clientAddress: string;
  readonly requestId: string;
  /** Monotonic milliseconds at which the head was complete. */
  readonly started: number;
  /** The client has left, or can receive no response any more. */
  readonly gone: boolean;
  /** Called at most once, when the client leaves before the response was sent. One listener at a time, the last one given. */
  onGone(listener: (() => void) | undefined): void;
  /** Any number that changes when bytes go to the client: read by the sweep for idle requests. */
  progress(): number;
  /** Sends the proxy's own response; settles when it was sent, or the client left. Only before the response has a head. */
  reply(r: LocalReply): Promise<End>;
}

/** How an exchange ended. */
export interface End {
  readonly how: 'whole' | 'upstream-broke' | 'client-gone' | 'deadline' | 'drained';
  /** Body bytes from and to the client; of a tunnel, all after the heads. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}
