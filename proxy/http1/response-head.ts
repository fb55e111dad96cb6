/**
 * A response head of HTTP/1, parsed by node:http, for the client: hop-by-hop fields removed, everything else as the backend wrote it. PURE.
 *
 * Heads that can be read in more than one way have a fault. node:http refuses most of them; but it reads a body with an unknown
 * coding until the connection closes, accepts lengths beyond the range of a number, and omits fields after the thousandth.
 */
import { CONNECTION_FIELDS, ConnectionFields } from './connection-fields.ts';

export interface ResponseFields {
  /** End-to-end fields and Content-Length: names and values, alternating; names as the backend wrote them. */
  readonly list: string[];
  /** Milliseconds for which the backend keeps the connection; Infinity if it does not say. */
  readonly keepAlive: number;
  /** Values of Trailer. */
  readonly trailer: string | undefined;
  readonly hasLength: boolean;
  /** A body that is not allowed may follow, and would be read as the next response: the connection is not reused. */
  readonly last: boolean;
  /** Why the response must not be forwarded; undefined: it may be. */
  readonly fault: string | undefined;
}

/** The most names and values that node:http reports. */
const MAX_RAW = 2000;

/** @param minor the minor version, 0 or 1. */
export function readResponseFields(raw: readonly string[], minor: number, status: number): ResponseFields {
  const own = new ConnectionFields();
  let list: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const known = CONNECTION_FIELDS[name.length]?.find((other) => other === name || other === name.toLowerCase());
    if (known === undefined || own.take(known, value)) list.push(name, value);
  }
  const named = own.named();
  if (named) list = withoutNamed(list, named);
  const fault = raw.length >= MAX_RAW ? 'too many fields' : own.fault(minor);
  const { keepAlive, trailer, hasLength, chunked } = own;
  return { list, keepAlive, trailer, hasLength, last: status === 204 && (hasLength || chunked), fault };
}

function withoutNamed(list: readonly string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    if (!named.has((list[i] as string).toLowerCase())) kept.push(list[i] as string, list[i + 1] as string);
  }
  return kept;
}
