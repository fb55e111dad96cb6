/** What the life of a request needs, and what is known once it is over. */
import type { End, Exchange } from '../message/exchange.ts';
import type { LocalReason } from '../message/local-replies.ts';
import type { EndpointState } from '../endpoints/endpoint-state.ts';
import type { RouteState } from './route-state.ts';

export interface RequestTools {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly record: (r: RequestRecord) => void;
}

/** What is known of a request once it is over. */
export interface RequestRecord {
  readonly exchange: Exchange;
  readonly route: RouteState | undefined;
  /** 499: the client left before there was a status. */
  readonly status: number;
  /** Of an answer that the proxy made itself. */
  readonly reason: LocalReason | undefined;
  readonly endpoint: EndpointState | undefined;
  readonly tries: number;
  readonly end: End;
  readonly durationMs: number;
}
