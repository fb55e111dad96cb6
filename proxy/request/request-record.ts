/** What serving a request needs, and what is recorded when it is over. */
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

/** A finished request, for metrics and the access log. */
export interface RequestRecord {
  readonly exchange: Exchange;
  readonly route: RouteState | undefined;
  /** 499: the client left, or its connection was closed, before a status was sent. */
  readonly status: number;
  /** The reason of a local reply; undefined: a backend's response, or a redirect. */
  readonly reason: LocalReason | undefined;
  /** The path of the match as the policy has it. */
  readonly matched: string | undefined;
  /** Of the last try. */
  readonly endpoint: EndpointState | undefined;
  readonly tries: number;
  /** Milliseconds from the start of the last try to its response head, or its failure. */
  readonly upstreamMs: number | undefined;
  readonly end: End;
  readonly durationMs: number;
}
