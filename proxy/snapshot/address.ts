import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Addresses and address ranges in canonical form, so that equal ones compare equal. */

export interface Cidr {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** The canonical form of an IPv6 literal: shortest, lower case, without zone; an IPv4-mapped address becomes an IPv4 address. */
export function spellIPv6(literal: string): string {
  const { address } = new SocketAddress({ address: literal, family: 'ipv6' });
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * Parses a range such as `10.0.0.0/8`; bits beyond the prefix may be set. Undefined if it is invalid, has a zone or is an
 * IPv4-mapped IPv6 range: addresses are never compared in that form, so it would match nothing.
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  if (slash === -1 || !/^(?:0|[1-9][0-9]{0,2})$/.test(bits)) return undefined;
  if (isIPv4(address)) return Number(bits) <= 32 ? { address, bits: Number(bits), family: 'ipv4' } : undefined;
  if (!isIPv6(address) || address.includes('%') || Number(bits) > 128) return undefined;
  return isIPv4(spellIPv6(address)) ? undefined : { address, bits: Number(bits), family: 'ipv6' };
}
