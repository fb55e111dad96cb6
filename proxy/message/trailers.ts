/**
 * Which trailers are forwarded, in both directions. Fields about routing, framing or authentication are not allowed after a body
 * (RFC 9110 §6.5.1): a receiver that merges trailers into the head would treat them as part of it.
 */
import { HEADERS_SET_BY_PROXY, hyphenated, HOP_BY_HOP_HEADERS } from '../snapshot/header-names.ts';

const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP_HEADERS,
  ...HEADERS_SET_BY_PROXY,
  'authorization',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'set-cookie',
]);

const NONE: readonly string[] = [];

/** @param raw names and values, alternating, as received; the result has the same form. */
export function allowedTrailers(raw: readonly string[]): readonly string[] {
  if (raw.length === 0) return NONE;
  const allowed: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!NOT_IN_TRAILERS.has(hyphenated(name.toLowerCase()))) allowed.push(name, raw[i + 1] as string);
  }
  return allowed;
}
