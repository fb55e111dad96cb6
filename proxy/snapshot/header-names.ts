/** Header names, in lower case, that belong to one connection or to the proxy itself. */

/** Hop-by-hop fields and framing: they concern one connection, in both directions. */
export const HOP_BY_HOP_HEADERS: readonly string[] = [
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Request fields that the proxy writes itself. Host is changed by urlRewrite.hostname. */
export const HEADERS_SET_BY_PROXY: readonly string[] = [
  'expect',
  'forwarded',
  'host',
  'max-forwards',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
];

/** What CGI, WSGI and those that follow them make of a name: they read `x_forwarded_for` and `x-forwarded-for` as the same field. */
export function hyphenated(name: string): string {
  return name.includes('_') ? name.replaceAll('_', '-') : name;
}
