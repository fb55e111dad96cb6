/** How a listener rewrites the paths of requests before they are matched and forwarded; part of types.ts. */
import { boolean, object, oneOf } from './check.ts';
import type { Check } from './check.ts';

export interface PathNormalization {
  /** Escapes of unreserved characters (RFC 3986 §2.3) are decoded, and the digits of all others are written in upper case. */
  readonly decodeUnreserved: boolean;
  /** Several slashes in succession become one. */
  readonly mergeSlashes: boolean;
  /** What happens to `%2F`: it stays and is no separator, the request is refused, or it becomes a slash. */
  readonly encodedSlash: 'Keep' | 'Reject' | 'Decode';
}

/** That of a listener that has none. */
export const DEFAULT_PATH_NORMALIZATION: PathNormalization = { decodeUnreserved: true, mergeSlashes: true, encodedSlash: 'Keep' };

export const pathNormalization: Check = object({
  decodeUnreserved: boolean,
  mergeSlashes: boolean,
  encodedSlash: oneOf(['Keep', 'Reject', 'Decode']),
});
