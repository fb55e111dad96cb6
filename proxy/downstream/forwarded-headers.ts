/** The fields that a proxy adds to a request: Via (RFC 9110 §7.6.3), X-Forwarded-* and X-Request-Id. Once per request, not per try. */
import type { Admitted, Headers } from '../http1/request-head.ts';

export interface Hop {
  /** Whoever connected: X-Forwarded-* that came are overwritten, unless the listener believes them (trusted-forwarded-headers.ts). */
  readonly peer: string;
  /** The port that was asked for, as the policy names it. */
  readonly port: number;
  readonly minorVersion: number;
  readonly viaName: string;
}

/** Adds our fields to the admitted headers, in place, and returns them. */
export function addHopHeaders(a: Admitted, hop: Hop): Headers {
  const h = a.headers;
  const via = `1.${hop.minorVersion} ${hop.viaName}`;
  const before = h['via'];
  h['via'] = typeof before === 'string' ? `${before}, ${via}` : via;
  h['x-forwarded-for'] = hop.peer;
  h['x-forwarded-proto'] = 'http';
  h['x-forwarded-port'] = String(hop.port);
  if (a.authority !== undefined) {
    h['host'] = a.authority;
    h['x-forwarded-host'] = a.authority;
  }
  h['x-request-id'] = a.requestId;
  return h;
}

/** IPv4 addresses that reach an IPv6 socket are written as IPv4, so that one client has one name. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
