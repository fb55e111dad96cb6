/** The backend's side of an exchange: an Upstream starts Attempts, each of which is one try of one request on one endpoint. */
import type { End, Exchange } from './exchange.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import type { Timeouts } from '../snapshot/types.ts';

/** The endpoint of an attempt. */
export interface Target {
  /** Identifies the endpoint: connections are never shared between keys. */
  readonly key: string;
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  readonly port: number;
  /** Undefined: connections are not limited. */
  readonly quota: ConnectionQuota | undefined;
}

/** A limit on connections that several targets share. The engine that opens or closes a connection counts it. */
export interface ConnectionQuota {
  max: number;
  open: number;
}

export interface AttemptSpec {
  readonly timeouts: Timeouts;
  /** Ms from the later of "connected" and "request sent" to the response head, also that of a tunnel; 0: off. */
  readonly perTryTimeout: number;
  /** Absolute monotonic ms at which the whole request must be over; for a tunnel, at which it must be open. Infinity: none. */
  readonly deadline: number;
}

/** An engine of the backend's side; owns its connections. */
export interface Upstream {
  /** @param head for the backend: the client's request with the changes of its route. */
  start(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec): Attempt;
  /**
   * The endpoint has left: its idle connections are closed now, busy ones when their request ends, tunnels after `timeouts.drain` at
   * the latest.
   */
  retire(target: Target): void;
  /** The endpoint has returned: connections and tunnels that have not ended are kept. Has no effect if it never left. */
  restore(target: Target): void;
  /** Closes idle connections now, and each other one when its request ends. */
  close(): void;
  readonly connections: ConnectionCounts;
}

/** Counts since the start, for metrics. */
export interface ConnectionCounts {
  readonly opened: number;
  readonly reused: number;
}

export interface Attempt {
  /** Settles once; never rejects. */
  readonly answer: Promise<Answer | Failure>;
  /**
   * Sends the response to the client; after this, no retry is possible. Called once, after an Answer.
   * @param head that of the Answer, or an edited copy.
   */
  commit(head: ResponseHead): Promise<End>;
  /** Ends the attempt, in any state, any number of times. No listener and no socket stays in use. */
  discard(): void;
}

/** The backend has answered. */
export interface Answer {
  readonly ok: true;
  readonly head: ResponseHead;
  /** Duration of the TCP connect, ms; undefined on a reused connection. */
  readonly connectMs: number | undefined;
}

export type FailureKind = 'connect' | 'reset' | 'timeout' | 'protocol' | 'client-gone';

export interface Failure {
  readonly ok: false;
  readonly kind: FailureKind;
  /** What the backend received: nothing; perhaps a part; `refused`: the backend stated that it did not process the request. */
  readonly sent: 'none' | 'maybe' | 'refused';
  /** For logs only; never used to classify. */
  readonly detail: string;
}
