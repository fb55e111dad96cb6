/** The head of a response, independent of the protocols of both sides. */
import type { Fields } from './fields.ts';

export interface ResponseHead {
  /** 200 to 999; 101 only if the response opens a tunnel over HTTP/1. */
  readonly status: number;
  /** The reason phrase of HTTP/1; undefined: the standard one. */
  readonly reasonPhrase: string | undefined;
  /** End-to-end fields; with Content-Length if the length of the body is known. */
  readonly fields: Fields;
  readonly hasLength: boolean;
  /** Value of Trailer, the names of announced trailers; undefined: none. */
  readonly trailer: string | undefined;
  /** The protocol of the tunnel that the response opens; undefined: an ordinary response. */
  readonly protocol: string | undefined;
}
