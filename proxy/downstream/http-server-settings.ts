/** What an engine of HTTP/1 on the client's side is made from, and its limits. */
import type { Trust } from './client-address.ts';
import type { RequestHeadSettings } from '../http1/request-head.ts';
import type { EarlyReply } from '../message/early-reply.ts';
import type { Exchange } from '../message/exchange.ts';

export interface HttpServerSettings extends RequestHeadSettings {
  /** The port as the policy names it. */
  readonly port: number;
  readonly now: () => number;
  /** Called for every request: whose X-Forwarded-* are trusted; undefined: of no peer. */
  readonly trust: () => Trust | undefined;
  readonly handle: (x: Exchange) => void;
  /** A reply was sent without an exchange. */
  readonly replied: (r: EarlyReply) => void;
  /** Instead of those in TIME_LIMITS. */
  readonly limits?: Partial<TimeLimits>;
}

/** How long a client may take, ms. */
export interface TimeLimits {
  /** From the start of a connection, or the first byte of a later request, to the whole head. */
  readonly headTimeout: number;
  /** How long a kept-alive connection may stay idle. */
  readonly keepAliveTimeout: number;
  /** Without progress in reading a local reply. */
  readonly unreadTimeout: number;
}

export const TIME_LIMITS: TimeLimits = { headTimeout: 10_000, keepAliveTimeout: 75_000, unreadTimeout: 10_000 };
/** Ms between two checks of the time limits. */
export const CHECK_INTERVAL = 500;
/** Limits of a request head. */
export const HEAD_BYTES = 64 * 1024;
export const HEAD_COUNT = 200;
/** Bytes that a client may send while they cannot be forwarded; beyond them its connection is paused. */
export const MAX_EARLY = 64 * 1024;
