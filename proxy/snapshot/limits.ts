/** Bounds of the wire. Whoever makes snapshots keeps within them: a proxy refuses a document that does not, as a whole. */

export const MAX_LISTENERS = 1024;
/** Over all listeners. */
export const MAX_ROUTES = 10_000;
export const MAX_POOLS = 10_000;
/** Regular expressions in matches, over all listeners. */
export const MAX_EXPRESSIONS = 1_000;
/** Size of one compiled, in instructions of RE2: the worst case of a match is this times MAX_EXPRESSION_TEXT steps. */
export const MAX_EXPRESSION_SIZE = 500;
/** Characters of a path or header value; a longer one fits no expression, so that no request can hold up the others. */
export const MAX_EXPRESSION_TEXT = 8_192;
export const MAX_ENDPOINTS_PER_POOL = 5_000;
export const MAX_TRUSTED_KEYS = 64;
/** Proxies in front of a listener whose X-Forwarded-For entries are believed, by number and by range of addresses. */
export const MAX_TRUSTED_HOPS = 32;
export const MAX_TRUSTED_CIDRS = 64;
/** Longest duration in milliseconds: what a timer of Node can hold (24.8 days); a longer one would fire at once. */
export const MAX_DURATION = 2 ** 31 - 1;
export const MAX_WEIGHT = 1_000_000;
/** The body of a push, decompressed. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;
/** A compressed body as sent. Snapshots compress to a fifth; half of the inflated bound leaves plenty of room. */
export const MAX_COMPRESSED_BYTES = 32 * 1024 * 1024;
/** The bearer token, in characters. */
export const MAX_TOKEN_LENGTH = 8192;
