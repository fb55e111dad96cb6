/** The fields that the proxy adds to a request, once for all tries: Via (RFC 9110 §7.6.3), X-Forwarded-* and X-Request-Id. */
import type { FieldRecord } from '../message/fields.ts';

/** What the fields are made from. */
export interface Hop {
  /** The peer's address: replaces a received X-Forwarded-For, unless the peer is trusted (trusted-forwarded-headers.ts). */
  readonly peer: string;
  /** The listener's port as the policy names it. */
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** As in Via: `1.1`, `2`. */
  readonly protocolVersion: string;
  /** The pseudonym of this proxy in Via. */
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

/** The one spelling of an address: an IPv4 address of a dual-stack socket is written as IPv4, so that a client has one name. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
