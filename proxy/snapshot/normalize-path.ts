/** Normalizes the path of a request target as its listener says (RFC 3986 §6.2.2), before it is matched and forwarded. PURE. */
import { SETTLED_ESCAPE } from './request-grammar.ts';
import type { PathNormalization } from './types.ts';

/** The normalized path, or a sentence that says why the request is refused. */
export type NormalizedPath = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly fault: string };

const MALFORMED = /%(?![0-9a-f]{2})/i;
const ENCODED_SLASH = /%2f/i;
const ENCODED_SLASHES = /%2f/gi;
const UNSETTLED_ESCAPES = new RegExp(`(?!${SETTLED_ESCAPE})%..`, 'g');
const UNRESERVED = /[A-Za-z0-9._~-]/;
const SLASHES = /\/{2,}/g;

/**
 * A normalized path stays as it is when it is normalized again. REFUSED_PATH finds no more in it than in the path before: it takes an
 * escape for what it means, so nothing can hide from it behind one.
 *
 * @param path printable ASCII that begins with a slash, without query; REFUSED_PATH matches no part of it.
 */
export function normalizePath(path: string, { decodeUnreserved, mergeSlashes, encodedSlash }: PathNormalization): NormalizedPath {
  if (MALFORMED.test(path)) return refuse('the path has a % without two hexadecimal digits: write a percent sign as %25');
  if (encodedSlash === 'Reject' && ENCODED_SLASH.test(path))
    return refuse('the path has an encoded slash, which is refused here: send a slash, or move the value to the query');
  // Each escape is read once: a percent sign is never decoded, and those that stay keep their digits.
  let result = encodedSlash === 'Decode' ? path.replace(ENCODED_SLASHES, '/') : path;
  if (decodeUnreserved) result = result.replace(UNSETTLED_ESCAPES, decode);
  if (mergeSlashes) result = result.replace(SLASHES, '/');
  return { ok: true, path: result };
}

/** The unreserved character that an escape means (RFC 3986 §2.3), or the escape in upper case. */
function decode(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return UNRESERVED.test(character) ? character : escape.toUpperCase();
}

function refuse(fault: string): NormalizedPath {
  return { ok: false, fault };
}
