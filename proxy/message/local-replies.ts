/**
 * Local replies, the responses that the proxy makes itself: status, reason and text, in one table. `request/` and `downstream/` read
 * it; `downstream/local-reply.ts` renders an entry. The reason is sent as the header `outrigger-reason`, and recorded in metrics and
 * the access log; docs/errors.md explains each reason to users.
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
  /** Undefined: a redirect, which a policy asks for and is not a failure. */
  readonly reason: LocalReason | undefined;
  /** One line of text; with a content type, the whole body. Empty: no body. */
  readonly text: string;
  /** text/plain unless given. */
  readonly contentType?: string;
  /** Further fields: names and values, alternating. */
  readonly fields?: readonly string[];
}

/** A local reply to a refused request or connection; it always has a reason. */
export interface RefusalReply extends LocalReply {
  readonly reason: LocalReason;
}

export const LOCAL_REPLIES = {
  // No try was made.
  noRoute: { status: 404, reason: 'no-route', text: 'no policy matches this request' },
  noEndpoint: { status: 503, reason: 'no-endpoint', text: 'no backend can be used' },
  saturated: { status: 503, reason: 'overflow', text: 'all backends are busy' },
  // No try gave a response that could be forwarded.
  connectFailed: { status: 503, reason: 'connect-failed', text: 'no connection to a backend could be made' },
  reset: { status: 503, reason: 'reset', text: 'the backend closed the connection before it answered' },
  timeout: { status: 504, reason: 'timeout', text: 'no backend answered in time' },
  malformedResponse: { status: 502, reason: 'protocol', text: 'the backend sent a malformed response' },
  malformedResponseHead: { status: 502, reason: 'protocol', text: 'the backend sent a malformed response head' },
  brokenResponse: { status: 502, reason: 'protocol', text: 'the response of the backend broke off' },
  // The request, or its connection, is refused.
  notHttp: { status: 400, reason: 'bad-request', text: 'this is not an HTTP/1.1 request' },
  httpVersion: { status: 400, reason: 'bad-request', text: 'only HTTP/1.0 and HTTP/1.1 are supported' },
  connectMethod: { status: 405, reason: 'method-not-allowed', text: 'CONNECT is not supported' },
  headTimeout: { status: 408, reason: 'request-timeout', text: 'the request head did not arrive in time' },
  bodyTimeout: { status: 408, reason: 'request-timeout', text: 'the request body did not arrive in time' },
  chunkExtensions: { status: 413, reason: 'content-too-large', text: 'the chunk extensions are too large' },
  expectation: { status: 417, reason: 'bad-request', text: 'the only supported expectation is 100-continue' },
  headTooLarge: { status: 431, reason: 'headers-too-large', text: 'the request head is too large' },
  loop: { status: 508, reason: 'loop', text: 'this request has already passed through this proxy' },
  tooManyConnections: { status: 503, reason: 'overflow', text: 'too many connections' },
} as const satisfies Readonly<Record<string, RefusalReply>>;

/** @param text says what is wrong with the request. */
export function badRequest(text: string): RefusalReply {
  return { status: 400, reason: 'bad-request', text };
}

/** @param max the most fields that a head may have. */
export function tooManyFields(max: number): RefusalReply {
  return { status: 431, reason: 'headers-too-large', text: `more than ${max} header fields` };
}

/** @param max the most requests that may wait after the one in progress. */
export function tooManyPipelined(max: number): RefusalReply {
  return { status: 503, reason: 'overflow', text: `more than ${max} requests wait on this connection` };
}

/** A redirect to another URL. */
export function redirectTo(location: string, status: number): LocalReply {
  return { status, reason: undefined, text: '', fields: ['location', location] };
}
