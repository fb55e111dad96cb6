/** Checks of single fields that several parts of the document share. */
import { integer, isObject, oneOf, string } from './check.ts';
import type { Check } from './check.ts';
import { MAX_DURATION } from './limits.ts';

/** A token of RFC 9110. */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const LOWER_CASE_TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const MAX_NAME_LENGTH = 256;

/** Milliseconds. */
export const duration = integer(0, MAX_DURATION);
export const positiveDuration = integer(1, MAX_DURATION);
export const port = integer(1, 65535);
export const redirectStatus = oneOf([301, 302, 303, 307, 308]);
export const hexDigest = string({ max: 64, pattern: /^[0-9a-f]{64}$/, what: 'a SHA-256 digest in hex' });
export const headerName = string({
  min: 1,
  max: MAX_NAME_LENGTH,
  pattern: LOWER_CASE_TOKEN,
  what: 'a header name in lower case',
});
export const cookieName = string({ min: 1, max: MAX_NAME_LENGTH, pattern: TOKEN, what: 'a cookie name' });

export function isHeaderName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && LOWER_CASE_TOKEN.test(text);
}

/** The check of a union, chosen by the value of its discriminator. */
export function byMember(discriminator: string, members: Readonly<Record<string, Check>>): Check {
  return (value, report) => {
    if (!isObject(value)) return report.fail('must be an object');
    const chosen = value[discriminator];
    const check = typeof chosen === 'string' && Object.hasOwn(members, chosen) ? members[chosen] : undefined;
    if (check) check(value, report);
    else report.at(discriminator, chosen, oneOf(Object.keys(members)));
  };
}
