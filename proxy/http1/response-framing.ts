/** How a response is framed for its client (RFC 9112 §6.3), and its head as text. PURE. */
import { formatFields, formatList } from './format.ts';
import type { Fields } from '../message/fields.ts';

/** `none`: there is no body. `close`: it lasts until the connection ends. */
export type ResponseCoding = 'none' | 'length' | 'chunked' | 'close';

/**
 * @param minor the client's version, 0 or 1.
 * @param hasLength the head has Content-Length.
 */
export function codingOf(status: number, method: string, minor: number, hasLength: boolean): ResponseCoding {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  if (hasLength) return 'length';
  return minor > 0 ? 'chunked' : 'close';
}

export interface ResponseHeadParts {
  readonly status: number;
  readonly reasonPhrase: string;
  /** End-to-end fields. */
  readonly fields: Fields;
  readonly coding: ResponseCoding;
  /** Value of Trailer; undefined: none. Sent with chunks only. */
  readonly trailer: string | undefined;
  /** Further lines, each with its line end. */
  readonly lines: string;
}

/** The head with the empty line at its end, one character a byte; undefined: HTTP/1 cannot carry one of its fields. */
export function formatResponseHead({
  status,
  reasonPhrase,
  fields,
  coding,
  trailer,
  lines,
}: ResponseHeadParts): string | undefined {
  // A 204 has no body, so it must not have a length (RFC 9110 §8.6).
  const own = formatFields(fields, status === 204 ? 'content-length' : '');
  if (own === undefined) return undefined;
  let head = `HTTP/1.1 ${status} ${reasonPhrase}\r\n${own}`;
  if (coding === 'chunked') {
    const announced = trailer === undefined ? '' : formatList(['Trailer', trailer]);
    if (announced === undefined) return undefined;
    head += `${announced}Transfer-Encoding: chunked\r\n`;
  }
  return `${head}${lines}\r\n`;
}
