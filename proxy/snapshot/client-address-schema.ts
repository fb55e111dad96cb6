import { parseCidr } from './address.ts';
import { integer, isObject, list, object, stringThat } from './check.ts';
import type { Check } from './check.ts';
import { MAX_TRUSTED_CIDRS, MAX_TRUSTED_HOPS } from './limits.ts';

/** Check of ClientAddress. */

const cidr = stringThat((value) => value.length <= 64 && parseCidr(value) !== undefined, 'a range such as 10.0.0.0/8');
const members = object(
  {},
  { trustedHops: integer(1, MAX_TRUSTED_HOPS), trustedCIDRs: list(cidr, { min: 1, max: MAX_TRUSTED_CIDRS }) },
);

export const clientAddress: Check = (value, report) => {
  if (isObject(value) && (value['trustedHops'] === undefined) === (value['trustedCIDRs'] === undefined))
    return report.fail('must have either trustedHops or trustedCIDRs');
  members(value, report);
};
