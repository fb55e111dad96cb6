/** A reply that was sent before there was an exchange: the request or its connection was refused, or the proxy itself was asked. */
import type { LocalReason } from './local-replies.ts';

export interface EarlyReply {
  /** The peer's address: what proxies in front state about the client was not read yet. */
  readonly peer: string;
  /** Undefined: no head was read. */
  readonly request: EarlyRequest | undefined;
  readonly status: number;
  /** Undefined: the proxy itself was asked (Max-Forwards). */
  readonly reason: LocalReason | undefined;
  /** Bytes of the body that was sent. */
  readonly bytesOut: number;
}

/** What is known of a request that no route was sought for. */
export interface EarlyRequest {
  readonly method: string;
  /** As received, whatever it contains. */
  readonly target: string;
  readonly protocolVersion: string;
}
