/** Sends local replies on a response of node:http. */
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import { renderLocalReply } from '../local-reply.ts';
import type { LocalReply } from '../../message/local-replies.ts';

/** On a response whose head was not sent. `close`: the connection closes after it. Returns the bytes of the body. */
export function sendReply(res: ServerResponse, r: LocalReply, close: boolean): number {
  const { fields, body } = renderLocalReply(r);
  if (close) fields.push('connection', 'close');
  // With a phrase: a head that node:http refused has left its own.
  res.writeHead(r.status, STATUS_CODES[r.status] ?? 'Unknown', fields);
  res.end(body);
  // node:http omits the body where the response must not have one.
  return res.req.method === 'HEAD' || r.status === 204 || r.status === 304 ? 0 : body.length;
}
