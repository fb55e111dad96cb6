/**
 * Authority parsing (RFC 9110 §7.2, RFC 3986 §3.2). Results are cached: a proxy receives the same few hosts again and again.
 */
import { AUTHORITY } from '../snapshot/request-grammar.ts';

const WHOLE = new RegExp(`^${AUTHORITY}$`);
const CACHE_SIZE = 1024;
const cache = new Map<string, string | undefined>();

/**
 * The host of an authority in lower case, without port and without a final dot; '' for an empty one; undefined where it is
 * malformed (user information, a path, white space, a port above 65535).
 */
export function parseHost(authority: string): string | undefined {
  if (cache.has(authority)) return cache.get(authority);
  if (authority.length > 300) return undefined;
  if (cache.size >= CACHE_SIZE) cache.clear();
  const host = parse(authority.toLowerCase());
  cache.set(authority, host);
  return host;
}

/** The port of an authority that is well-formed; undefined if it has none, or 0, to which no client can connect. */
export function portOf(authority: string): number | undefined {
  const port = Number(/:([0-9]{1,5})$/.exec(authority)?.[1] ?? 0);
  return port > 0 ? port : undefined;
}

function parse(authority: string): string | undefined {
  const m = WHOLE.exec(authority);
  if (!m) return undefined;
  const [, name = '', port] = m;
  if (port !== undefined && Number(port) > 65535) return undefined;
  if (name === '' && port !== undefined) return undefined;
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
