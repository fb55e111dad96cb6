/** Errors of node:http's parser and timers, by code, as local replies. */
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { RefusalReply } from '../../message/local-replies.ts';

export interface ParserError extends Error {
  readonly code?: string;
}

/** Whether bytes arrived after a request that ends its connection. */
export function isSurplus(error: ParserError): boolean {
  return error.code === 'HPE_CLOSED_CONNECTION';
}

/** Whether the client has closed its half of the connection within a message. */
export function isTruncated(error: ParserError): boolean {
  return error.code === 'HPE_INVALID_EOF_STATE';
}

/** The reply to an error; undefined: the client left, no reply is possible. */
export function replyToParserError(error: ParserError): RefusalReply | undefined {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined;
    case 'HPE_HEADER_OVERFLOW':
      return LOCAL_REPLIES.headTooLarge;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return LOCAL_REPLIES.chunkExtensions;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return LOCAL_REPLIES.headTimeout;
    default:
      return LOCAL_REPLIES.notHttp;
  }
}
