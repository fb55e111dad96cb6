/**
 * The seam between the client's side (Exchange), the backend's side (Upstream) and one try (Attempt). The pipeline knows only
 * these; a new protocol is a new folder under exchange/ or upstream/. Crossed for every request, so it is kept cheap: callbacks
 * where there is one reader, no promise or AbortSignal that nobody waits for.
 */
import type { Timeouts } from '../snapshot/types.ts';

/** What routing, retry and logging may know about a request. Header names are lower case. */
export interface Facts {
  readonly port: number;
  readonly clientAddress: string;
  readonly method: string;
  /** Host without port, lower case; empty where HTTP/1.0 sent none. */
  readonly host: string;
  /** The path as it is matched, and sent unless the route rewrites it: no query. */
  readonly path: string;
  /** Path and query as the client sent them, and upstream unless the route rewrites them. */
  readonly target: string;
  readonly requestId: string;
  /** First value of a request header, or undefined. */
  header(name: string): string | undefined;
}

/** Reasons of answers that the proxy makes itself; sent as the header `outrigger-reason`. */
export type LocalReason =
  | 'no-route'
  | 'no-endpoint'
  | 'connect-failed'
  | 'reset'
  | 'overflow'
  | 'draining'
  | 'protocol'
  | 'timeout'
  | 'bad-request'
  | 'method-not-allowed'
  | 'request-timeout'
  | 'content-too-large'
  | 'headers-too-large'
  | 'loop';

export interface LocalReply {
  readonly status: number;
  readonly reason: LocalReason;
  /** One line for a person; with a content type, the whole body. */
  readonly text: string;
  /** Plain text unless given. */
  readonly contentType?: string;
}

/** A change of header fields; names are lower case. */
export interface HeaderEdit {
  /** Fields that go. */
  readonly dropped: ReadonlySet<string>;
  /** Names and values in turn, that come after. */
  readonly added: readonly string[];
}

/** What a route changes; undefined members change nothing. Facts stay what the client sent. */
export interface Changes {
  /** Path and query as sent upstream. */
  readonly target: string | undefined;
  /** Host as sent upstream. */
  readonly authority: string | undefined;
  readonly request: HeaderEdit | undefined;
  /** Of a backend's response and of a redirect, not of other local answers. */
  readonly response: HeaderEdit | undefined;
}

/** The client's side of one request. */
export interface Exchange {
  readonly facts: Facts;
  /** Monotonic milliseconds at which the head was complete. */
  readonly started: number;
  /** Called at most once, when the client leaves before the answer is whole. */
  onGone(listener: () => void): void;
  readonly gone: boolean;
  /** Whether a request body was announced. */
  readonly hasBody: boolean;
  /** Keeps a copy of up to `limit` bytes while streaming, so that the body can be sent again; never waits for the end. */
  holdBody(limit: number): void;
  /** Whether the whole body can (still) be sent again from its start; asked when a decision is due. */
  replayable(): boolean;
  /** What goes upstream and what comes back is changed. At most once, before the first try. */
  change(c: Changes): void;
  /** Sends the client elsewhere. Only before anything was committed. */
  redirect(status: number, location: string): Promise<End>;
  /** A whole Set-Cookie value that goes to the client with a backend's response. Before anything was committed. */
  addCookie(cookie: string): void;
  /** The proxy's own answer. Only before anything was committed. */
  reply(r: LocalReply): Promise<End>;
}

/** Where an attempt goes. */
export interface Target {
  /** Connections belong to a key; those of different keys have nothing to do with each other. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** Undefined: as many connections as it takes. */
  readonly quota: ConnectionQuota | undefined;
}

/** Connections that several targets may have together. Who opens or closes one counts it. */
export interface ConnectionQuota {
  max: number;
  open: number;
}

export interface AttemptSpec {
  readonly timeouts: Timeouts;
  /** From the later of connected and request sent until the response head, also that of a tunnel, ms; 0: off. */
  readonly perTryTimeout: number;
  /** Absolute monotonic ms for the whole request, of a tunnel until it is there; Infinity: none. */
  readonly deadline: number;
}

/** The backend's side; owns pools and sockets. */
export interface Upstream<X extends Exchange = Exchange> {
  start(x: X, target: Target, spec: AttemptSpec): Attempt;
  /**
   * The endpoint went away: idle connections are closed now, busy ones when they are done (`drain`) or at once (`close`), tunnels within
   * `timeouts.drain`.
   */
  retire(target: Target, how: 'drain' | 'close'): void;
  /** The endpoint is there again, if it was ever gone: what has not ended yet goes on. */
  restore(target: Target): void;
  /** Closes every idle connection, for shutdown. */
  close(): void;
}

export interface Attempt {
  /** Settles once, never rejects. */
  readonly head: Promise<Head | Failure>;
  /** Bytes flow to the client; no retry beyond this point. Only after a Head. */
  commit(): Promise<End>;
  /** Ends the attempt in any state, any number of times; leaves no listener and no socket in use. */
  discard(): void;
}

export interface Head {
  readonly ok: true;
  readonly status: number;
  readonly reused: boolean;
  /** Milliseconds the TCP connect took; undefined on a reused connection. */
  readonly connectMs: number | undefined;
}

export type FailureKind = 'connect' | 'reset' | 'timeout' | 'protocol' | 'overflow' | 'client-gone';

export interface Failure {
  readonly ok: false;
  readonly kind: FailureKind;
  /** What the backend may have seen of the request: nothing; perhaps something; it said that it did nothing. */
  readonly sent: 'none' | 'maybe' | 'refused';
  readonly reused: boolean;
  /** For people and logs only; never classified. */
  readonly detail: string;
}

export interface End {
  readonly how: 'whole' | 'upstream-broke' | 'client-gone' | 'deadline' | 'drained';
  /** Body bytes from and to the client; of a tunnel, all after the heads. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}
