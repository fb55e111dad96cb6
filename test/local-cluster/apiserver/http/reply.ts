/** How answers are written. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../json.ts';
import { ApiError, PageNotFound } from '../status.ts';

/** An answer that is ready to send. */
export interface Reply {
  readonly code: number;
  readonly body: JsonObject | string | Buffer;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

export function send(response: ServerResponse, reply: Reply): void {
  const { body } = reply;
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(reply.code, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...reply.headers });
  response.end(text);
}

/** Sends a document that clients cache, or 304 when they have it. */
export function sendCached(request: IncomingMessage, response: ServerResponse, body: JsonObject, type: string): void {
  const text = JSON.stringify(body);
  const etag = `"${createHash('sha256').update(text).digest('hex').toUpperCase()}"`;
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag, vary: 'Accept' }).end();
    return;
  }
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text), etag, vary: 'Accept' }).end(text);
}

/** The answer to a failure; a failure of the server is passed to `report`. */
export function failure(error: unknown, report: (error: unknown) => void): Reply {
  if (error instanceof PageNotFound) return { code: 404, body: '404 page not found\n' };
  if (error instanceof ApiError) return { code: error.code, body: error.status };
  report(error);
  const message = `Internal error occurred: ${error instanceof Error ? error.message : 'unknown'}`;
  return { code: 500, body: new ApiError(500, 'InternalError', message).status };
}

/** `Warning` headers, code 299. */
export function warningHeaders(warnings: readonly string[]): Record<string, string[]> {
  if (warnings.length === 0) return {};
  return { warning: warnings.map((text) => `299 - "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`) };
}
