/** Writes HTTP/1: field lines and chunks. What HTTP/1 cannot carry is refused, whoever made it: a line end in a value would be a field. */
import type { Fields } from '../message/fields.ts';

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Lines of fields, as `Fields.lines` has them; undefined: HTTP/1 cannot carry one of them.
 * @param omitted a name, in lower case, that is left out; empty: none.
 */
export function formatFields(fields: Fields, omitted = ''): string | undefined {
  return fields.lines?.(omitted) ?? formatList(fields.list(), omitted);
}

/**
 * Likewise.
 * @param list names and values, alternating; each character of a value is one byte.
 */
export function formatList(list: readonly string[], omitted = ''): string | undefined {
  let lines = '';
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    const value = list[i + 1] as string;
    if (omitted !== '' && name.toLowerCase() === omitted) continue;
    if (!NAME.test(name) || !VALUE.test(value)) return undefined;
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** Chunks up to this size are written in one piece, larger ones without a copy, bytes. */
const COPIED = 16 * 1024;

/** The pieces of one chunk, in their order. Not for an empty one, which would end the body. */
export function formatChunk(payload: Buffer): readonly Buffer[] {
  const size = `${payload.length.toString(16)}\r\n`;
  if (payload.length > COPIED) return [Buffer.from(size, 'latin1'), payload, Buffer.from('\r\n', 'latin1')];
  const whole = Buffer.allocUnsafe(size.length + payload.length + 2);
  whole.write(size, 'latin1');
  payload.copy(whole, size.length);
  whole.write('\r\n', whole.length - 2, 'latin1');
  return [whole];
}

/** The end of a body in chunks. Trailers that HTTP/1 cannot carry are left out: the body is whole without them. */
export function formatLastChunk(trailers: readonly string[]): string {
  return `0\r\n${formatList(trailers) ?? ''}\r\n`;
}
