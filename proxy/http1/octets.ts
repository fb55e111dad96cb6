/** Classes of bytes in HTTP/1 messages (RFC 9110 §5.5 and §5.6.2), as tables: heads are read byte by byte. */

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const QUOTE = 34;
export const COLON = 58;
export const SEMICOLON = 59;
export const EQUALS = 61;
export const BACKSLASH = 92;
const HYPHEN = 45;
const UNDERSCORE = 95;

/** 1 where a byte may be part of a token. */
export const TOKEN: Uint8Array = table(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);
/** 1 where a byte may be part of a field value: no control characters but HTAB; bytes from 0x80 on are kept as they are. */
export const FIELD_VALUE: Uint8Array = table(/[\t\x20-\x7e\x80-\xff]/);
/** 1 where a byte is printable ASCII. */
export const VISIBLE: Uint8Array = table(/[!-~]/);

/** Optional or "bad" white space (RFC 9110 §5.6.3). */
export function isSpace(byte: number | undefined): boolean {
  return byte === SP || byte === TAB;
}

/** Values of hexadecimal digits; -1 for other bytes. */
export const HEX: Int8Array = Int8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[0-9a-f]/i.test(character) ? Number.parseInt(character, 16) : -1;
});

/** ASCII letters in lower case, other bytes as they are. */
const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));

function table(allowed: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (allowed.test(String.fromCharCode(byte)) ? 1 : 0));
}

/** Likewise, and hyphens for underscores. */
const HYPHENATED: Uint8Array = LOWER.map((byte) => (byte === UNDERSCORE ? HYPHEN : byte));

/** Whether the bytes from `from` on spell `lower`, which is in lower case, in letters of either case. */
export function spells(bytes: Buffer, from: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) if (LOWER[bytes[from + i] as number] !== lower.charCodeAt(i)) return false;
  return true;
}

/** Likewise, where an underscore may stand for a hyphen of `lower`. */
export function resembles(bytes: Buffer, from: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) if (HYPHENATED[bytes[from + i] as number] !== lower.charCodeAt(i)) return false;
  return true;
}
