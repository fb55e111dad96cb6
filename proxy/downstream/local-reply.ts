/** Answers that the proxy makes itself: one line of text, the reason in a header. */
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { LocalReason, LocalReply } from '../message/exchange.ts';
import { linger } from './http1/lingering-close.ts';

export const REASON_HEADER = 'outrigger-reason';

/** Writes a local answer on a response that was not begun. `close`: the connection ends with it. */
export function sendReply(res: ServerResponse, r: LocalReply, close: boolean): void {
  const body = Buffer.from(r.contentType === undefined ? `${r.text}\n` : r.text);
  const headers: string[] = [
    'content-type',
    r.contentType ?? 'text/plain; charset=utf-8',
    'content-length',
    String(body.length),
    REASON_HEADER,
    r.reason,
  ];
  if (close) headers.push('connection', 'close');
  if (r.status === 405) headers.push('allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  res.writeHead(r.status, headers);
  res.end(body);
}

/** Sends the client elsewhere. `headers`: names and values in turn, `location` among them. */
export function sendRedirect(res: ServerResponse, status: number, headers: string[], close: boolean): void {
  headers.push('content-length', '0');
  if (close) headers.push('connection', 'close');
  res.writeHead(status, headers);
  res.end();
}

/** A local answer on a bare socket, for what never became a request; the connection ends with it. */
export function sendRawReply(socket: Socket, r: LocalReply): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${r.text}\n`;
  socket.write(
    `HTTP/1.1 ${r.status} ${STATUS_CODES[r.status] ?? ''}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${REASON_HEADER}: ${r.reason}\r\n\r\n${body}`,
  );
  linger(socket);
}

interface ParserError extends Error {
  code?: string;
}

/** Whether bytes came after a request that ends its connection. */
export function isSurplus(error: ParserError): boolean {
  return error.code === 'HPE_CLOSED_CONNECTION';
}

/** What node:http's parser and its timers report, by code, as an answer; undefined: the client left, nobody to answer. */
export function replyToClientError(error: ParserError): LocalReply | undefined {
  const reply = (status: number, reason: LocalReason, text: string): LocalReply => ({ status, reason, text });
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined;
    case 'HPE_HEADER_OVERFLOW':
      return reply(431, 'headers-too-large', 'the request head is too large');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return reply(413, 'content-too-large', 'the chunk extensions are too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return reply(408, 'request-timeout', 'the request head did not arrive in time');
    default:
      return reply(400, 'bad-request', 'this is not an HTTP/1.1 request');
  }
}
