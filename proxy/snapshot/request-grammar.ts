/**
 * What the parts of an accepted request look like, as text of regular expressions that JavaScript and RE2 read alike: the proxy accepts
 * requests by it, and the operator decides by it whether a match of a policy can ever hold.
 */

import type { PathNormalization } from './path-normalization.ts';

/** A character of a path: printable ASCII but backslash and the delimiters of query and fragment. */
export const PATH_CHARACTER = '[!"$->@-\\[\\]-~]';
/** The same without slash and percent sign. */
export const PLAIN_CHARACTER = '[!"$&-.0->@-\\[\\]-~]';

/**
 * Paths that are refused: encoded NUL and backslash; a segment of one or two dots, each character of it plain or encoded. So is one that
 * ends in parameters (`..;x`): backends that remove parameters before they resolve dots would see another path than the proxy.
 */
export const REFUSED_PATH = /%(?:00|5c)|(?:\/|%2f)(?:\.|%2e){1,2}(?:[/;]|%2f|%3b|$)/i;

/** Escapes of all characters but slash, in every spelling. */
const ESCAPE = '%(?:[013-9A-Fa-f][0-9A-Fa-f]|2[0-9A-Ea-e])';
/** Escapes of all characters but slash and the unreserved ones (RFC 3986 §2.3), in upper case. */
const RESERVED_ESCAPE = '%(?:[0189A-F][0-9A-F]|2[0-9A-C]|3[A-F]|[46]0|5[B-E]|7[B-DF])';
/** Escapes that stay as they are where `decodeUnreserved` is on. */
export const SETTLED_ESCAPE = `(?:${RESERVED_ESCAPE}|%2F)`;

/**
 * The paths that a listener can match and forward: those that its normalization leaves as they are. All of a path matches the
 * expression, and no part of it matches REFUSED_PATH.
 */
export function normalizedPath({ decodeUnreserved, mergeSlashes, encodedSlash }: PathNormalization): string {
  const escape = decodeUnreserved ? RESERVED_ESCAPE : ESCAPE;
  const slash = decodeUnreserved ? '%2F' : '%2[Ff]';
  const part = `(?:${PLAIN_CHARACTER}|${escape}${encodedSlash === 'Keep' ? `|${slash}` : ''})`;
  return mergeSlashes ? `/(?:${part}+/)*${part}*` : `/(?:/|${part})*`;
}

/** Host and port, in lower case: two groups. */
export const AUTHORITY = "(\\[[0-9a-f:.]+\\]|(?:[a-z0-9._~!$&'()*+,;=-]|%[0-9a-f]{2})*)(?::([0-9]{0,5}))?";

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
