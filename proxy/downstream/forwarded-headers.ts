/** The fields that a proxy adds to a request: Via (RFC 9110 §7.6.3), X-Forwarded-* and X-Request-Id. Once per request, not per try. */
import type { FieldRecord } from '../message/fields.ts';

/** What is known of a request on its way in. */
export interface Hop {
  /** The peer's address: X-Forwarded-* that came are overwritten, unless the listener trusts the peer (trusted-forwarded-headers.ts). */
  readonly peer: string;
  /** The port that was asked for, as the policy names it. */
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** As Via names it: `1.1`, `2`. */
  readonly protocolVersion: string;
  /** The name of this proxy in Via. */
  readonly viaName: string;
  readonly authority: string | undefined;
  readonly requestId: string;
}

/** Adds the proxy's own fields to those of the client, in place. */
export function addForwardedHeaders(fields: FieldRecord, hop: Hop): void {
  const via = `${hop.protocolVersion} ${hop.viaName}`;
  const before = fields['via'];
  fields['via'] = typeof before === 'string' ? `${before}, ${via}` : via;
  fields['x-forwarded-for'] = hop.peer;
  fields['x-forwarded-proto'] = hop.scheme;
  fields['x-forwarded-port'] = String(hop.port);
  if (hop.authority !== undefined) fields['x-forwarded-host'] = hop.authority;
  fields['x-request-id'] = hop.requestId;
}

/** An address as it is written everywhere: IPv4 addresses that reach an IPv6 socket as IPv4, so that one client has one name. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
