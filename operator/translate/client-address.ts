import type { ClientAddressSpec } from '../api/policy.gen.ts';
import type { ClientAddress } from '../../proxy/snapshot/types.ts';

/** In the wire's terms; undefined where nothing is believed. The order of ranges and the case of their digits mean nothing. */
export function readClientAddress({ trustedHops = 0, trustedCIDRs }: ClientAddressSpec = {}): ClientAddress | undefined {
  if (trustedCIDRs) return { trustedCIDRs: [...new Set(trustedCIDRs.map((range) => range.toLowerCase()))].sort() };
  return trustedHops === 0 ? undefined : { trustedHops };
}

/** Ranges that a sentence names; the rest are counted. */
const MAX_NAMED = 4;

/** For a sentence: `clientAddress with trustedHops 2`. */
export function describeClientAddress(given: ClientAddress | undefined): string {
  if (given === undefined) return 'no clientAddress';
  if ('trustedHops' in given) return `clientAddress with trustedHops ${given.trustedHops}`;
  const { trustedCIDRs } = given;
  const rest = trustedCIDRs.length - MAX_NAMED;
  const named = trustedCIDRs.slice(0, MAX_NAMED).join(', ');
  return `clientAddress with trustedCIDRs ${named}${rest > 0 ? ` and ${rest} more` : ''}`;
}
