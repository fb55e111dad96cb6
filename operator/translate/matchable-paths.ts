/**
 * Which paths a route can find in a request, and why it finds no others. The proxy refuses some paths and rewrites others as the listener
 * says; matchable-values.test.ts compares this with a running proxy.
 */
import { normalizePath } from '../../proxy/snapshot/normalize-path.ts';
import { normalizedPath, PATH_CHARACTER, REFUSED_PATH } from '../../proxy/snapshot/request-grammar.ts';
import type { Match, PathNormalization } from '../../proxy/snapshot/types.ts';
import type { Possible } from './matchable-values.ts';
import type { Intersection } from './regex-intersection.ts';

/** What clients can send, as a regular expression. Much of it is refused or rewritten. */
export const SENT_PATH = `/${PATH_CHARACTER}*`;

const REFUSED = 'the proxy refuses such paths, with a dot segment, backslash, NUL or an invalid character: correct it';
const NO_ESCAPE = 'the proxy refuses such paths, with a % that begins no escape: write %25 for a percent sign';
const ENCODED_SLASH =
  'the proxy refuses paths with %2F, as listener.pathNormalization.encodedSlash is Reject: leave it out, or change that setting in all policies of the port';
const NEVER_SENT = 'no path matches all of it, since a path is printable ASCII and has no query: correct it';
const NONE_LEFT = 'listener.pathNormalization leaves no path that matches all of it: correct it';
/** Longest path that a message shows, in characters. */
const MAX_SHOWN = 200;

/** `OPTIONS *` has the path `*`. It counts only where the match names OPTIONS: otherwise a forgotten slash would go unnoticed. */
export function pathValues(method: Match['method'], how: PathNormalization): Possible {
  const path = normalizedPath(how);
  return { expression: method === 'OPTIONS' ? `${path}|\\*` : path, except: REFUSED_PATH };
}

/** Why no request is matched with this path, and what to do: completes a sentence. */
export function pathAdvice(path: string, how: PathNormalization): string {
  const found = rewritten(path, how);
  return 'to' in found ? `${found.rule}: write ${shown(found.to)}` : found.refused;
}

/**
 * The same for a regular expression.
 *
 * @param sent what it has in common with SENT_PATH
 */
export function expressionAdvice(sent: Intersection, how: PathNormalization): string {
  if (sent === 'empty') return NEVER_SENT;
  if (sent === 'undecided') return NONE_LEFT;
  const found = rewritten(sent.example, how);
  return 'to' in found ? `${found.rule}: match paths such as ${shown(found.to)}` : found.refused;
}

/** What the proxy does with a path that it never matches as it is. */
function rewritten(
  path: string,
  how: PathNormalization,
): { readonly refused: string } | { readonly rule: string; readonly to: string } {
  const result = normalizePath(path, how);
  if (!result.ok) return { refused: how.encodedSlash === 'Reject' && /%2f/i.test(path) ? ENCODED_SLASH : NO_ESCAPE };
  const { path: to } = result;
  const possible = new RegExp(`^(?:${normalizedPath(how)})$`).test(to) && !REFUSED_PATH.test(to);
  if (to === path || !possible) return { refused: REFUSED };
  return { rule: `the proxy rewrites ${shown(path)} before it matches requests, as listener.pathNormalization says`, to };
}

function shown(path: string): string {
  return path.length > MAX_SHOWN ? `${path.slice(0, MAX_SHOWN)}…` : path;
}
