/** The backend's side of an exchange: an Upstream starts Attempts, each of them one try of one request on one endpoint. */
import type { End, Exchange } from './exchange.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import type { Timeouts } from '../snapshot/types.ts';

/** Where an attempt goes. */
export interface Target {
  /** Connections belong to a key; those of different keys are never shared. */
  readonly key: string;
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly port: number;
  /** Undefined: no limit on connections. */
  readonly quota: ConnectionQuota | undefined;
}

/** A limit on connections that several targets share. Whoever opens or closes a connection counts it. */
export interface ConnectionQuota {
  max: number;
  open: number;
}

export interface AttemptSpec {
  readonly timeouts: Timeouts;
  /** From the later of connected and request sent until the response head, also that of a tunnel, ms; 0: off. */
  readonly perTryTimeout: number;
  /** Absolute monotonic ms for the whole request, of a tunnel until it is open; Infinity: none. */
  readonly deadline: number;
}

/** One engine of the backend's side; owns connections. */
export interface Upstream {
  /** @param head what goes to the backend: the client's request with the changes of its route. */
  start(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec): Attempt;
  /**
   * The endpoint has left: its idle connections are closed now, busy ones when they are done, tunnels after `timeouts.drain` at the
   * latest.
   */
  retire(target: Target): void;
  /** The endpoint is there again: what has not ended yet goes on. Harmless where it never left. */
  restore(target: Target): void;
  /** Closes every idle connection, and each other one when it is done. */
  close(): void;
  readonly connections: ConnectionCounts;
}

/** Connections since the start, for metrics. */
export interface ConnectionCounts {
  readonly opened: number;
  readonly reused: number;
}

export interface Attempt {
  /** Settles once, never rejects. */
  readonly answer: Promise<Answer | Failure>;
  /** Sends `head` and what follows it to the client; no retry from here on. Once, after an Answer, whose head `head` is, or an edited copy. */
  commit(head: ResponseHead): Promise<End>;
  /** Ends the attempt in any state, any number of times; leaves no listener and no socket in use. */
  discard(): void;
}

/** The backend has answered. */
export interface Answer {
  readonly ok: true;
  readonly head: ResponseHead;
  /** Milliseconds the TCP connect took; undefined on a reused connection. */
  readonly connectMs: number | undefined;
}

export type FailureKind = 'connect' | 'reset' | 'timeout' | 'protocol' | 'client-gone';

export interface Failure {
  readonly ok: false;
  readonly kind: FailureKind;
  /** What the backend may have seen of the request: nothing; perhaps something; it said that it did not process it. */
  readonly sent: 'none' | 'maybe' | 'refused';
  /** For people and logs only; never classified. */
  readonly detail: string;
}
