/** Limits of the wire. The operator keeps within them: a proxy refuses a document beyond them as a whole. */

export const MAX_LISTENERS = 1024;
/** Over all listeners. */
export const MAX_ROUTES = 10_000;
export const MAX_POOLS = 10_000;
/** Regular expressions in matches, over all listeners. */
export const MAX_EXPRESSIONS = 1_000;
/** Size of one compiled expression, in RE2 instructions: a match takes at most this times MAX_EXPRESSION_TEXT steps. */
export const MAX_EXPRESSION_SIZE = 500;
/** Characters of a path or header value; longer ones match no expression, so that no request can delay others. */
export const MAX_EXPRESSION_TEXT = 8_192;
export const MAX_ENDPOINTS_PER_POOL = 5_000;
/** Zones, and Nodes, in the hints of an endpoint: the bound of the Kubernetes API. */
export const MAX_HINTS = 8;
/** Characters of a zone or of the name of a Node. */
export const MAX_PLACE_LENGTH = 253;
export const MAX_TRUSTED_KEYS = 64;
/** Trusted proxies in front of a listener (X-Forwarded-For), by number and by address range. */
export const MAX_TRUSTED_HOPS = 32;
export const MAX_TRUSTED_CIDRS = 64;
/** Longest duration in milliseconds: the limit of Node's timers (24.8 days); a longer one would fire at once. */
export const MAX_DURATION = 2 ** 31 - 1;
export const MAX_WEIGHT = 1_000_000;
/** The body of a push, decompressed. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;
/** The body of a push, compressed. Snapshots compress to a fifth, so half of the decompressed limit is ample. */
export const MAX_COMPRESSED_BYTES = 32 * 1024 * 1024;
/** The bearer token, in characters. */
export const MAX_TOKEN_LENGTH = 8192;

/** Longest revision of a status, in characters. */
export const MAX_REVISION = 64;
/** Milliseconds after which a proxy answers a waiting status request that has no news. */
export const MAX_STATUS_WAIT = 25_000;
