/**
 * Every answer that the proxy makes itself: status, reason and text, in one table. `request/` and `downstream/` read it;
 * `downstream/local-reply.ts` makes the response of an entry. The reason goes out as the header `outrigger-reason`, and into metrics
 * and the access log; docs/errors.md says what each of them means to users.
 */

/** The values of `outrigger-reason`. */
export type LocalReason =
  | 'no-route'
  | 'no-endpoint'
  | 'connect-failed'
  | 'reset'
  | 'overflow'
  | 'protocol'
  | 'timeout'
  | 'bad-request'
  | 'method-not-allowed'
  | 'request-timeout'
  | 'content-too-large'
  | 'headers-too-large'
  | 'loop';

export interface LocalReply {
  readonly status: number;
  /** Undefined: a redirect, which is an answer that a policy asks for, not a failure. */
  readonly reason: LocalReason | undefined;
  /** One line for a person; with a content type, the whole body. Empty: no body. */
  readonly text: string;
  /** text/plain unless given. */
  readonly contentType?: string;
  /** Further fields, names and values in turn. */
  readonly fields?: readonly string[];
}

/** An answer to a request, or to a connection, that is refused: it always has a reason. */
export interface Refusal extends LocalReply {
  readonly reason: LocalReason;
}

const ALLOW = ['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'] as const;

export const LOCAL_REPLIES = {
  // No backend was asked.
  noRoute: { status: 404, reason: 'no-route', text: 'no policy matches this request' },
  noEndpoint: { status: 503, reason: 'no-endpoint', text: 'no backend can be used' },
  saturated: { status: 503, reason: 'overflow', text: 'all backends are busy' },
  // A backend was asked, and gave nothing that could be passed on.
  connectFailed: { status: 503, reason: 'connect-failed', text: 'no connection to a backend could be made' },
  reset: { status: 503, reason: 'reset', text: 'the backend closed the connection before it answered' },
  timeout: { status: 504, reason: 'timeout', text: 'no backend answered in time' },
  malformedResponse: { status: 502, reason: 'protocol', text: 'the backend sent a malformed response' },
  malformedResponseHead: { status: 502, reason: 'protocol', text: 'the backend sent a malformed response head' },
  brokenResponse: { status: 502, reason: 'protocol', text: 'the response of the backend broke off' },
  // The request, or its connection, is refused.
  notHttp: { status: 400, reason: 'bad-request', text: 'this is not an HTTP/1.1 request' },
  httpVersion: { status: 400, reason: 'bad-request', text: 'only HTTP/1.0 and HTTP/1.1 are spoken here' },
  connectMethod: { status: 405, reason: 'method-not-allowed', text: 'CONNECT is not supported', fields: ALLOW },
  headTimeout: { status: 408, reason: 'request-timeout', text: 'the request head did not arrive in time' },
  bodyTimeout: { status: 408, reason: 'request-timeout', text: 'the request body did not arrive in time' },
  chunkExtensions: { status: 413, reason: 'content-too-large', text: 'the chunk extensions are too large' },
  expectation: { status: 417, reason: 'bad-request', text: 'Expect knows 100-continue only' },
  headTooLarge: { status: 431, reason: 'headers-too-large', text: 'the request head is too large' },
  loop: { status: 508, reason: 'loop', text: 'this request has been here before' },
  tooManyConnections: { status: 503, reason: 'overflow', text: 'too many connections' },
} as const satisfies Readonly<Record<string, Refusal>>;

/** What is wrong with a request, in a sentence. */
export function badRequest(text: string): Refusal {
  return { status: 400, reason: 'bad-request', text };
}

/** @param max that a head may have. */
export function tooManyFields(max: number): Refusal {
  return { status: 431, reason: 'headers-too-large', text: `more than ${max} header fields` };
}

/** @param max that may wait behind the one in progress. */
export function tooManyPipelined(max: number): Refusal {
  return { status: 503, reason: 'overflow', text: `more than ${max} requests wait on this connection` };
}

/** Sends the client elsewhere. `fields`: further ones, names and values in turn. */
export function redirectTo(location: string, status: number): LocalReply {
  return { status, reason: undefined, text: '', fields: ['location', location] };
}
