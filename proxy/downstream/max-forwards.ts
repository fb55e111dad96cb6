/** Max-Forwards is 0: the proxy itself answers OPTIONS or TRACE (RFC 9110 §7.6.2). */
import { ALLOWED_METHODS } from './local-reply.ts';
import type { EarlyRequest } from '../message/early-reply.ts';
import type { LocalReply } from '../message/local-replies.ts';

export function maxForwardsReply({ method, target, protocolVersion }: EarlyRequest): LocalReply {
  const none = { reason: undefined, text: '' };
  if (method !== 'TRACE') return { ...none, status: 204, fields: ['allow', ALLOWED_METHODS] };
  // An echo could reveal credentials to a script (cross-site tracing): only the request line is returned.
  const text = `TRACE ${target} HTTP/${protocolVersion}\r\n\r\n`;
  return { ...none, status: 200, text, contentType: 'message/http' };
}
