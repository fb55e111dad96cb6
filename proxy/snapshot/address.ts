import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Addresses and ranges of addresses, each in one spelling, so that what is equal compares equal. */

export interface Cidr {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** An IPv6 literal in its shortest form, in lower case and without zone; one that stands for an IPv4 address as that. */
export function spellIPv6(literal: string): string {
  const { address } = new SocketAddress({ address: literal, family: 'ipv6' });
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * `10.0.0.0/8` taken apart; bits beyond the prefix may be set. Undefined for what is no range, for an address with a zone, and
 * for IPv4 addresses written as IPv6: no address is ever compared in that form, so such a range would hold nothing.
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
