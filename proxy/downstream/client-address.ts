/**
 * The client's address when there are proxies in front of this one. Every proxy appends the address of its peer to X-Forwarded-For
 * or Forwarded, so the list is read from the right, and only as far as the writers are trusted: entries further left are whatever
 * the client chose to send.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { parseCidr, spellIPv6 } from '../snapshot/address.ts';
import { MAX_TRUSTED_HOPS } from '../snapshot/limits.ts';
import type { ClientAddress } from '../snapshot/types.ts';

/** What one proxy in front wrote about its peer. */
export interface ForwardedEntry {
  /** In the one spelling; undefined if the entry is not an address. */
  readonly address: string | undefined;
}

export interface Trust {
  /** Whether this peer is one of the proxies in front. */
  trusts(peer: string): boolean;
  /**
   * Reads the list of a trusted peer as far as trusted proxies wrote it.
   * @param fromTheRight the last entry first; at most MAX_TRUSTED_HOPS of them are read.
   */
  read<E extends ForwardedEntry>(fromTheRight: Iterable<E>): TrustedList<E>;
}

export interface TrustedList<E extends ForwardedEntry> {
  /** The client's; undefined: no entry is usable. */
  readonly address: string | undefined;
  /** The entry that the outermost trusted proxy wrote, whose own address may be hidden; undefined: there is none. */
  readonly outermost: E | undefined;
}

/** Characters of the longest entry that is an address: IPv6 in brackets with a port. */
const MAX_ENTRY = 53;
const WITH_PORT = /^(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?$/i;

export function createTrust(spec: ClientAddress | undefined): Trust | undefined {
  if (spec === undefined) return undefined;
  return 'trustedHops' in spec ? new TrustedHops(spec.trustedHops) : new TrustedRanges(spec.trustedCIDRs);
}

/** A fixed number of proxies in front, whatever their addresses. */
class TrustedHops implements Trust {
  readonly #hops: number;

  constructor(hops: number) {
    this.#hops = hops;
  }

  trusts(): boolean {
    return true;
  }

  /** The entry that the outermost of them wrote; if it is missing or not an address, the entry of the next one inwards. */
  read<E extends ForwardedEntry>(fromTheRight: Iterable<E>): TrustedList<E> {
    let address: string | undefined;
    let outermost: E | undefined;
    for (outermost of first(this.#hops, fromTheRight)) address = outermost.address ?? address;
    return { address, outermost };
  }
}

/** The proxies in front have addresses in these ranges. */
class TrustedRanges implements Trust {
  // One list for each family: in a common one, ::/0 would contain all of IPv4.
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();

  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const cidr = parseCidr(range);
      if (cidr) (cidr.family === 'ipv4' ? this.#ipv4 : this.#ipv6).addSubnet(cidr.address, cidr.bits, cidr.family);
    }
  }

  trusts(peer: string): boolean {
    return isIPv4(peer) ? this.#ipv4.check(peer, 'ipv4') : this.#ipv6.check(peer, 'ipv6');
  }

  /** The first address outside the ranges. An entry that is not an address ends the chain: the writer of the next one is unknown. */
  read<E extends ForwardedEntry>(fromTheRight: Iterable<E>): TrustedList<E> {
    let address: string | undefined;
    let outermost: E | undefined;
    for (outermost of first(MAX_TRUSTED_HOPS, fromTheRight)) {
      address = outermost.address ?? address;
      if (outermost.address === undefined || !this.trusts(outermost.address)) break;
    }
    return { address, outermost };
  }
}

function* first<E>(n: number, entries: Iterable<E>): Generator<E> {
  let left = n;
  for (const entry of entries) {
    yield entry;
    if (--left === 0) return;
  }
}

/**
 * The entries of X-Forwarded-For, the last one first. An empty one counts as well: a trusted proxy may have written it, and without
 * it the next one would move into a trusted position.
 */
export function* entriesFromTheRight(list: string): Generator<ForwardedEntry> {
  if (list === '') return;
  for (let end = list.length; end >= 0;) {
    const comma = end === 0 ? -1 : list.lastIndexOf(',', end - 1);
    yield { address: readAddress(list.slice(comma + 1, end).trim()) };
    end = comma;
  }
}

/** An address without the port that some proxies add; undefined for `unknown`, obfuscated names and anything else. */
export function readAddress(text: string): string | undefined {
  if (text.length > MAX_ENTRY) return undefined;
  if (isIPv4(text)) return text;
  const [, bracketed, before] = WITH_PORT.exec(text) ?? [];
  if (before !== undefined) return isIPv4(before) ? before : undefined;
  const literal = bracketed ?? text;
  // A zone has a meaning only on the machine that wrote it.
  return isIPv6(literal) && !literal.includes('%') ? spellIPv6(literal) : undefined;
}
