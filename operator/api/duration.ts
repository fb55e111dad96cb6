/** Durations as Gateway API writes them (GEP-2257): one to four numbers of at most five digits, each with h, m, s or ms. */

const WHOLE = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;
const TERM = /([0-9]+)(ms|h|m|s)/g;
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of a duration such as `1h30m` or `250ms`; terms add up. Throws a RangeError that quotes what is not a duration. */
export function parseDuration(text: string): number {
  if (!WHOLE.test(text)) throw new RangeError(`"${text.slice(0, 40)}" is not a duration such as 1m30s or 250ms`);
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(TERM)) sum += Number(digits) * (UNITS[unit ?? ''] ?? 0);
  return sum;
}
