/** Sends local replies over HTTP/1: on a response of node:http, or on a bare socket without a request. */
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { renderLocalReply } from '../local-reply.ts';
import type { LocalReply } from '../../message/local-replies.ts';
import { lingeringClose } from '../../socket/lingering-close.ts';

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

/** On a connection without a request; it closes after the reply. Returns the bytes of the body; undefined: nothing was sent. */
export function sendRawReply(socket: Socket, r: LocalReply): number | undefined {
  if (!socket.writable) {
    socket.destroy();
    return undefined;
  }
  const { fields, body } = renderLocalReply(r);
  const lines = [`HTTP/1.1 ${r.status} ${STATUS_CODES[r.status] ?? ''}`, 'connection: close'];
  for (let i = 0; i + 1 < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body.toString()}`);
  lingeringClose(socket);
  return body.length;
}
