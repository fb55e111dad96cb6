/** The head of a request, independent of the protocols of both sides. */
import type { Fields } from './fields.ts';

export interface RequestHead {
  readonly method: string;
  /** https if the connection that the client opened is encrypted; what trusted proxies in front state about it counts. */
  readonly scheme: 'http' | 'https';
  /** The port that the client connected to: the listener's, or that of the outermost trusted proxy in front. */
  readonly port: number;
  /** Host and port (Host of HTTP/1, `:authority` of HTTP/2); undefined if HTTP/1.0 sent none. */
  readonly authority: string | undefined;
  /** Host without port, lower case; empty without an authority. */
  readonly host: string;
  /** The path that routes match, without query; `*` for OPTIONS of the server as a whole. */
  readonly path: string;
  /** Path and query. */
  readonly target: string;
  /** The target as the client sent it, in any form, before its path was normalized; for the access log only. */
  readonly receivedTarget: string;
  /** End-to-end fields, including those that this proxy adds (Via, X-Forwarded-*); neither Host nor hop-by-hop fields. */
  readonly fields: Fields;
  /** The protocols that the client asks for (Upgrade of HTTP/1, `:protocol` of HTTP/2), separated by commas; undefined: none. */
  readonly protocol: string | undefined;
  /** The client accepts trailers (TE of HTTP/1 and HTTP/2): some servers send none else. */
  readonly acceptsTrailers: boolean;
  /** Value of Trailer, the names of announced trailers; undefined: none. */
  readonly trailer: string | undefined;
}

/** What Connection names in HTTP/1; undefined: nothing. */
export function connectionOf({
  protocol,
  acceptsTrailers,
}: Pick<RequestHead, 'protocol' | 'acceptsTrailers'>): string | undefined {
  if (protocol !== undefined) return acceptsTrailers ? 'TE, Upgrade' : 'Upgrade';
  return acceptsTrailers ? 'TE' : undefined;
}

/** The ports that a URL of the scheme need not name. */
export const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** The part of a head in which headers are found by name. */
export interface HeaderSource {
  readonly authority: string | undefined;
  readonly protocol: string | undefined;
  readonly fields: Pick<Fields, 'get' | 'all'>;
}

/** The first value of a request header; of Cookie all (RFC 9113 §8.2.3). `name` as in a policy, in lower case. */
export function headerOf(head: HeaderSource, name: string): string | undefined {
  switch (name) {
    case 'host':
      return head.authority;
    // As HTTP/1 writes a request that asks for another protocol.
    case 'upgrade':
      return head.protocol;
    case 'connection':
      return head.protocol === undefined ? undefined : 'Upgrade';
    case 'cookie':
      return cookiesOf(head.fields);
    default:
      return head.fields.get(name);
  }
}

function cookiesOf(fields: HeaderSource['fields']): string | undefined {
  return fields.get('cookie') === undefined ? undefined : fields.all('cookie').join('; ');
}
