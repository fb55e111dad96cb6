/** Sends a local reply over HTTP/1 on a bare socket, without a request. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { renderLocalReply } from './local-reply.ts';
import type { LocalReply } from '../message/local-replies.ts';
import { lingeringClose } from '../socket/lingering-close.ts';

/** The connection closes after the reply. Returns the bytes of the body; undefined: nothing was sent. */
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
