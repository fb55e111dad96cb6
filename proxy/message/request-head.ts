/** The head of a request, whatever protocol it came by and will go by. */
import type { Fields, RecordFields } from './fields.ts';

export interface RequestHead {
  readonly method: string;
  /** Of the client's connection: https where it is encrypted. */
  readonly scheme: 'http' | 'https';
  /** Host and port (Host of HTTP/1, `:authority` of HTTP/2); undefined where HTTP/1.0 sent none. */
  readonly authority: string | undefined;
  /** Host without port, lower case; empty where there is no authority. */
  readonly host: string;
  /** The path that routes are matched by: no query; `*` for OPTIONS of the server as a whole. */
  readonly path: string;
  /** Path and query. */
  readonly target: string;
  /** End-to-end fields, with those that this proxy adds (Via, X-Forwarded-*); not Host, and nothing of one connection only. */
  readonly fields: RecordFields;
  /** The protocols that the client asks to switch to (Upgrade of HTTP/1, `:protocol` of HTTP/2); undefined: none. */
  readonly protocol: string | undefined;
}

/** The part of a head that headers are looked up in. */
export interface HeaderSource {
  readonly authority: string | undefined;
  readonly fields: Pick<Fields, 'get'>;
}

/** The first value of a request header, as a policy names it; `name` in lower case. */
export function headerOf(head: HeaderSource, name: string): string | undefined {
  return name === 'host' ? head.authority : head.fields.get(name);
}
