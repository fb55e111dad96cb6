/** Renders an entry of message/local-replies.ts, for every protocol: fields, and one line of text as the body. */
import { Buffer } from 'node:buffer';
import type { LocalReply } from '../message/local-replies.ts';

/** Methods that are served; CONNECT is not (RFC 9110 §15.5.6 wants them named with 405). */
export const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

export const REASON_HEADER = 'outrigger-reason';

export interface RenderedReply {
  /** Names and values, alternating. */
  readonly fields: string[];
  readonly body: Buffer;
}

export function renderLocalReply({ status, reason, text, contentType, fields = [] }: LocalReply): RenderedReply {
  const body = Buffer.from(contentType === undefined && text !== '' ? `${text}\n` : text);
  const rendered: string[] = [...fields];
  // A redirect has no body.
  if (reason !== undefined || contentType !== undefined)
    rendered.push('content-type', contentType ?? 'text/plain; charset=utf-8');
  // A 204 must not have a length (RFC 9110 §8.6).
  if (status !== 204) rendered.push('content-length', String(body.length));
  if (reason !== undefined) rendered.push(REASON_HEADER, reason);
  if (status === 405) rendered.push('allow', ALLOWED_METHODS);
  return { fields: rendered, body };
}
