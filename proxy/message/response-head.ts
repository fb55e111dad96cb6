/** The head of a response, whatever protocol it came by and will go by. */
import type { Fields } from './fields.ts';

export interface ResponseHead {
  /** 200-999, and 101 only where the response opens a tunnel over HTTP/1. */
  readonly status: number;
  /** The reason phrase of HTTP/1; undefined: the usual one. */
  readonly reasonPhrase: string | undefined;
  /** End-to-end fields; Content-Length among them where the length of the body is known. */
  readonly fields: Fields;
  readonly hasLength: boolean;
  /** Names of the trailers that were announced (the field Trailer); undefined: none. */
  readonly trailer: string | undefined;
  /** The protocol that is spoken from here on: the response opens a tunnel. Undefined: it is an ordinary response. */
  readonly protocol: string | undefined;
}
