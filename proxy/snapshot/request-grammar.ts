/**
 * What the parts of an accepted request look like, as text of regular expressions that JavaScript and RE2 read alike: the proxy accepts
 * requests by it, and the operator decides by it whether a match of a policy can ever hold.
 */

import type { PathNormalization } from './path-normalization.ts';

/** A character of a path: printable ASCII but backslash and the delimiters of query and fragment. */
export const PATH_CHARACTER = '[!"$->@-\\[\\]-~]';

/** Paths that are refused: encoded NUL and backslash; a segment of one or two dots, each character of it plain or encoded. */
export const REFUSED_PATH = /%(?:00|5c)|(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/i;

/** The same without slash and the percent sign of escapes. */
const PLAIN_CHARACTER = '[!"$&-.0->@-\\[\\]-~]';
const HEX = '[0-9A-Fa-f]';

/**
 * The paths that a listener can match and forward: those that its normalization leaves as they are. All of a path matches the
 * expression, and no part of it matches REFUSED_PATH.
 */
export function normalizedPath({ decodeUnreserved, mergeSlashes, encodedSlash }: PathNormalization): string {
  const part = `(?:${PLAIN_CHARACTER}|${escape(decodeUnreserved, encodedSlash === 'Keep')})`;
  return mergeSlashes ? `/(?:${part}+/)*${part}*` : `/(?:/|${part})*`;
}

/** An escape that is kept: without unreserved characters and in upper case if those are decoded, `%2F` only if that is kept. */
function escape(decoded: boolean, slash: boolean): string {
  if (decoded) return `%(?:[0189A-F][0-9A-F]|2[0-9A-C${slash ? 'F' : ''}]|3[A-F]|[46]0|5[B-E]|7[B-DF])`;
  return slash ? `%${HEX}{2}` : `%(?:[013-9A-Fa-f]${HEX}|2[0-9A-Ea-e])`;
}

/** Host and port, in lower case: two groups. */
export const AUTHORITY = "(\\[[0-9a-f:.]+\\]|[a-z0-9._~!$&'()*+,;=%-]*)(?::([0-9]{0,5}))?";

export const CONTENT_LENGTH = '[0-9]{1,15}';

/** A client's X-Request-Id that is kept. It is sent to logs and backends: bounded, printable, one line. */
export const REQUEST_ID = '[!-~]{1,128}';

/** How the name of a proxy in Via begins. */
export const VIA_PREFIX = 'outrigger-';

/** X-Forwarded-Proto, in lower case, and X-Forwarded-Port of a trusted proxy in front, where they are kept. */
export const FORWARDED_PROTO = 'https?|wss?';
export const FORWARDED_PORT =
  '6553[0-5]|655[0-2][0-9]|65[0-4][0-9][0-9]|6[0-4][0-9][0-9][0-9]|[1-5][0-9][0-9][0-9][0-9]|[1-9][0-9]{0,3}';

const PROTOCOL = "[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?";
/** Upgrade of a request that may change the protocol of its connection. */
export const UPGRADE_PROTOCOLS = `${PROTOCOL}(?:[ \\t]*,[ \\t]*${PROTOCOL})*`;
/** Upgrades to HTTP or TLS: requests inside the tunnel would bypass routing. */
export const REFUSED_UPGRADE = /(?:^|[,\s])(?:h2c?|http|tls)(?:[/,\s]|$)/i;
/** The method of such a request. */
export const UPGRADE_METHOD = 'GET';
