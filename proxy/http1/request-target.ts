/**
 * Request targets (RFC 9112 §3.2). The path that is matched is the path that is sent: it is normalized first, as the listener says.
 * Dot segments, plain or encoded, backslash, NUL and anything but printable ASCII are refused under every setting.
 */
import { normalizePath } from '../snapshot/normalize-path.ts';
import { PATH_CHARACTER, PLAIN_CHARACTER, REFUSED_PATH } from '../snapshot/request-grammar.ts';
import type { PathNormalization } from '../snapshot/types.ts';

export interface RequestTarget {
  /** Path without query; `*` for the asterisk form. */
  readonly path: string;
  /** Path and query, as sent upstream. */
  readonly target: string;
  /** The authority of the absolute form, which overrides Host. */
  readonly authority: string | undefined;
}

/** Printable ASCII without a fragment; the path without backslash, too (browsers send it plain in queries). */
const ALLOWED = new RegExp(`^${PATH_CHARACTER}*(?:\\?[!"$-~]*)?$`);

/**
 * The usual target, which passes every check and is normalized already, whatever the settings: no escapes, no empty segments, none that
 * begins with a dot. One test in place of several.
 */
const USUAL = new RegExp(`^(?:/(?!\\.)${PLAIN_CHARACTER}+)*/?(?:\\?[!"$-~]*)?$`);

/** The parsed target, or a sentence that says what is wrong with it. */
export function parseTarget(method: string, url: string, normalization: PathNormalization): RequestTarget | string {
  if (url === '*') {
    if (method !== 'OPTIONS') return 'the target * is allowed for OPTIONS only';
    return { path: '*', target: '*', authority: undefined };
  }
  let authority: string | undefined;
  let target = url;
  if (url.charCodeAt(0) !== 47) {
    const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
    if (!absolute) return 'the request target is neither a path nor an http URL';
    authority = absolute[1] ?? '';
    target = absolute[2] ?? '';
    if (authority === '') return 'the request target has no host';
    // RFC 9112 §3.2.4: the server as a whole.
    if (target === '' && method === 'OPTIONS') return { path: '*', target: '*', authority };
    if (!target.startsWith('/')) target = `/${target}`;
  }
  return readTarget(target, authority, normalization);
}

/** @param target begins with a slash. */
function readTarget(target: string, authority: string | undefined, normalization: PathNormalization): RequestTarget | string {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  if (USUAL.test(target)) return { path, target, authority };
  if (!ALLOWED.test(target)) return 'the request target has a character that is not allowed';
  if (REFUSED_PATH.test(path)) return 'the path has a dot segment, backslash or NUL: send the resolved path';
  const normalized = normalizePath(path, normalization);
  if (!normalized.ok) return normalized.fault;
  return { path: normalized.path, target: normalized.path + target.slice(path.length), authority };
}
