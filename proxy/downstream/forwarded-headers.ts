/** The fields that the proxy adds to a request, once for all tries: Via (RFC 9110 §7.6.3), X-Forwarded-* and X-Request-Id. */

/** What the fields are made from. */
export interface Hop {
  /** X-Forwarded-For: the peer's address, after what a trusted peer has sent (trusted-forwarded-headers.ts). */
  readonly forwardedFor: string;
  /** X-Forwarded-Proto. */
  readonly proto: string;
  /** X-Forwarded-Port: the listener's as the policy names it, or that of a trusted proxy in front. */
  readonly port: number;
  /** X-Forwarded-Host; undefined: the request names no host. */
  readonly host: string | undefined;
  /** Received values of Via. */
  readonly via: string | undefined;
  /** As in Via: `1.1`, `2`. */
  readonly protocolVersion: string;
  /** The pseudonym of this proxy in Via. */
  readonly viaName: string;
  readonly requestId: string;
}

/** The proxy's own fields: names in lower case and values, alternating. */
export function forwardedHeaders(hop: Hop): string[] {
  const via = `${hop.protocolVersion} ${hop.viaName}`;
  const fields = ['via', hop.via === undefined ? via : `${hop.via}, ${via}`];
  fields.push('x-forwarded-for', hop.forwardedFor, 'x-forwarded-proto', hop.proto, 'x-forwarded-port', String(hop.port));
  if (hop.host !== undefined) fields.push('x-forwarded-host', hop.host);
  fields.push('x-request-id', hop.requestId);
  return fields;
}

/** The one spelling of an address: an IPv4 address of a dual-stack socket is written as IPv4, so that a client has one name. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
