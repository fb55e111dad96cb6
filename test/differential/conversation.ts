/** One case with one proxy: what its client sends, and what client and backend have received at the end. */
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Contender } from './contenders.ts';
import type { Answer } from './recording-backend.ts';

/** Milliseconds after which a conversation without an end fails. */
const LIMIT_MS = 30_000;

export interface ClientScript {
  /** Several pieces are sent one after the other. */
  readonly send: string | readonly string[];
  /** Sent once the head of a final response has arrived. */
  readonly rest?: string;
}

export interface Conversation {
  /** All bytes that the client received. */
  readonly text: string;
  /** How the proxy ended the client's connection. */
  readonly ended: 'closed' | 'reset';
  /** All bytes that the backend received, by connection. */
  readonly received: readonly string[];
}

/** Every case ends with bytes that make every proxy close the client's connection. */
export async function converse({ host, port, backend }: Contender, client: ClientScript, answer?: Answer): Promise<Conversation> {
  backend.forget();
  backend.answer = answer;
  const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
  let text = '';
  const first = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Conversation['ended']>();
  backend.clientHasBytes = () => first.promise;
  let { rest } = client;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    first.resolve();
    if (rest !== undefined && /HTTP\/1\.1 [2-9][^]*\r\n\r\n/.test(text)) {
      socket.write(rest, 'latin1');
      rest = undefined;
    }
  });
  socket
    .on('end', () => ended.resolve('closed'))
    .on('error', () => ended.resolve('reset'))
    .on('close', () => ended.resolve('reset'));
  const expired = Promise.withResolvers<never>();
  const limit = setTimeout(
    () => expired.reject(new Error(`not at its end; so far, the client received ${JSON.stringify(text)}`)),
    LIMIT_MS,
  );
  try {
    for (const piece of typeof client.send === 'string' ? [client.send] : client.send) {
      if (socket.destroyed) break;
      socket.write(piece, 'latin1');
      await turn();
    }
    const how = await Promise.race([ended.promise, expired.promise]);
    first.resolve();
    socket.destroy();
    await Promise.race([backend.settle(), expired.promise]);
    return { text, ended: how, received: backend.received() };
  } finally {
    clearTimeout(limit);
    socket.destroy();
  }
}
