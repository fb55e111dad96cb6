/** Sizes as the policy writes them: bytes, or a number with Ki or Mi (powers of 1024). */

const SIZE = /^([0-9]{1,7})(Ki|Mi)?$/;
const UNITS: Readonly<Record<string, number>> = { Ki: 1024, Mi: 1024 * 1024 };

/** Bytes of a size such as `65536`, `64Ki` or `1Mi`. Throws a RangeError that quotes what is not a size. */
export function parseQuantity(text: string): number {
  const parts = SIZE.exec(text);
  if (parts === null) throw new RangeError(`"${text.slice(0, 40)}" is not a size such as 65536, 64Ki or 1Mi`);
  return Number(parts[1]) * (UNITS[parts[2] ?? ''] ?? 1);
}
