import { all, integer, object, string, stringThat } from './check.ts';
import type { Check } from './check.ts';
import { byMember, redirectStatus } from './fields.ts';

/** Checks of Fallback. */

/** Statuses whose responses have no body. */
const BODILESS: readonly unknown[] = [204, 205, 304];
const withBody: Check = (value, report) => {
  if (BODILESS.includes(value)) report.fail('must be a status whose answers have a body');
};

export const fallback = byMember('type', {
  Redirect: object({
    url: stringThat(isUrl, 'an absolute http or https URL of printable ASCII'),
    statusCode: redirectStatus,
  }),
  Response: object({
    statusCode: all(integer(200, 599), withBody),
    contentType: string({ min: 1, max: 256, pattern: /^[!-~]([ -~]*[!-~])?$/, what: 'a header value' }),
    body: string({ max: 65_536 }),
  }),
  Backend: object({ pool: string({ min: 1, max: 512 }) }),
});

function isUrl(text: string): boolean {
  return text.length <= 2048 && /^https?:\/\/[!-~]+$/.test(text) && URL.canParse(text);
}
