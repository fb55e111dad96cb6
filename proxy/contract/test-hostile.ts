/** Clients and backends on raw sockets: they send given bytes, at a given time and in given pieces. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { eventually } from '../testing.ts';
import { beginConversation } from './test-answers.ts';
import type { Conversation } from './test-answers.ts';
import { Malformed, readRequests } from './test-strict.ts';
import type { Request } from './test-strict.ts';

/** Milliseconds between two pieces. */
const APART_MS = 3;
/** Milliseconds after which a conversation without an end fails. */
const TALK_LIMIT = 8_000;

export interface Script {
  /** When it is sent. `connect`: before any request; `head`: after the request head; `request`, the default: once it is whole. */
  readonly on?: 'connect' | 'head' | 'request';
  /** Sent at the end of the request head, in addition to `send`. */
  readonly atHead?: string;
  /** Several pieces are sent one after the other. */
  readonly send?: string | readonly string[];
  /** What happens to the connection after that; `keep` unless given. */
  readonly then?: 'keep' | 'end' | 'reset';
  /** For a request that asks for another protocol: takes over its connection, with the bytes after the head. */
  readonly tunnel?: (socket: Socket, early: string) => void;
}

export interface HostileBackend {
  readonly port: number;
  /** Whole requests, in the order in which they were completed. Throws if any byte received is malformed. */
  requests(): Request[];
  /** Forgets what it has received. */
  forget(): void;
  /** Bytes that do not make a whole request, of all connections together. */
  rest(): string;
  connections: number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Scripts that are still sending. */
  playing: number;
  /** The answer to requests from now on. */
  script: Script;
  close(): Promise<void>;
}

/**
 * What was written has been read by the proxy, which is in this process: the event loop has polled for I/O since. After the time alone, a
 * process that was held up could write two pieces before it reads one.
 */
async function untilRead(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, APART_MS));
  for (let polls = 0; polls < 2; polls++) await new Promise(setImmediate);
}

async function sendApart(socket: Socket, pieces: string | readonly string[], conversation?: Conversation): Promise<void> {
  for (const piece of typeof pieces === 'string' ? [pieces] : pieces) {
    if (socket.destroyed) return;
    if (conversation) conversation.sent += piece;
    socket.write(piece, 'latin1');
    if (typeof pieces !== 'string') await untilRead();
  }
}

async function play(socket: Socket, backend: HostileBackend): Promise<void> {
  const { send, then } = backend.script;
  backend.playing++;
  if (send !== undefined) await sendApart(socket, send);
  backend.playing--;
  if (then === 'end') socket.end();
  else if (then === 'reset') socket.resetAndDestroy();
}

/** One connection of a hostile backend: reads strictly, answers as its script says. */
function serveConnection(
  socket: Socket,
  backend: HostileBackend,
  received: Request[],
  fail: (error: Malformed) => void,
): () => string {
  let rest = '';
  let headSeen = false;
  let switched = false;
  if (backend.script.on === 'connect') void play(socket, backend);
  socket.on('data', (chunk: Buffer) => {
    if (switched) return;
    rest += chunk.toString('latin1');
    const { tunnel } = backend.script;
    const end = rest.indexOf('\r\n\r\n') + 4;
    const early = tunnel && end >= 4 ? rest.slice(end) : undefined;
    if (early !== undefined) rest = rest.slice(0, end);
    if (!headSeen && rest.includes('\r\n\r\n')) {
      headSeen = true;
      const { atHead } = backend.script;
      if (atHead !== undefined) socket.write(atHead, 'latin1');
      if (backend.script.on === 'head') void play(socket, backend);
    }
    try {
      const read = readRequests(rest);
      rest = read.rest;
      for (const request of read.messages) {
        received.push(request);
        headSeen = false;
        if (tunnel && early !== undefined) {
          switched = true;
          tunnel(socket, early);
        } else if ((backend.script.on ?? 'request') === 'request') void play(socket, backend);
      }
    } catch (error) {
      if (error instanceof Malformed) fail(error);
      else throw error;
    }
  });
  return () => rest;
}

export async function hostileBackend(script: Script): Promise<HostileBackend> {
  const received: Request[] = [];
  const rests: (() => string)[] = [];
  const sockets = new Set<Socket>();
  let malformed: Malformed | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    backend.connections++;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    rests.push(serveConnection(socket, backend, received, (error) => (malformed ??= error)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const backend: HostileBackend = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    playing: 0,
    script,
    requests: () => {
      if (malformed) throw malformed;
      return received;
    },
    forget: () => {
      received.length = 0;
      rests.length = 0;
      malformed = undefined;
    },
    rest: () => rests.map((rest) => rest()).join(''),
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return backend;
}

export interface Talk {
  readonly text: string;
  /** How the proxy ended the connection; `open`: it did not, the client left. */
  readonly ended: 'open' | 'closed' | 'reset';
  readonly ms: number;
}

export interface Client {
  /** Several pieces are sent one after the other. */
  readonly send: string | readonly string[];
  /** The client leaves once this matches what it has received; without it, it waits until the proxy closes. */
  readonly until?: RegExp;
  /** It also leaves once nothing has arrived for this long, ms. */
  readonly silence?: number;
  /** It leaves only once this holds. */
  readonly when?: () => boolean;
  /** How it leaves. */
  readonly leave?: 'end' | 'reset';
  /** Reads nothing before everything is sent. */
  readonly readLater?: boolean;
  /** Sends `rest` only once this matches what it has received. */
  readonly awaits?: RegExp;
  readonly rest?: string;
}

/** Waits until the kernel has taken everything, or the socket is destroyed. */
async function sent(socket: Socket): Promise<void> {
  await eventually(() => socket.writableLength === 0 || socket.destroyed, TALK_LIMIT);
  socket.resume();
}

/** Talks to the proxy until one side ends the connection; returns everything that was received. */
export async function talk(port: number, c: Client): Promise<Talk> {
  const started = performance.now();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const conversation = beginConversation(port);
  let text = '';
  let ended: Talk['ended'] | undefined;
  socket.setEncoding('latin1');
  let last = started;
  socket.on('data', (chunk: string) => {
    text += chunk;
    last = performance.now();
    if (c.until?.test(text) === true) ended ??= 'open';
  });
  socket.on('end', () => (ended ??= 'closed'));
  socket.on('error', () => (ended ??= 'reset'));
  socket.on('close', () => (ended ??= 'reset'));
  if (c.readLater === true) socket.pause();
  await sendApart(socket, c.send, conversation);
  if (c.readLater === true) await sent(socket);
  if (c.awaits) {
    await eventually(() => ended !== undefined || c.awaits?.test(text) === true, TALK_LIMIT);
    await sendApart(socket, c.rest ?? '', conversation);
  }
  if (c.until?.test(text) === true) ended ??= 'open';
  last = performance.now();
  const silent = () => c.silence !== undefined && performance.now() - last > c.silence;
  try {
    await eventually(() => silent() || (ended !== undefined && (ended !== 'open' || (c.when?.() ?? true))), TALK_LIMIT);
  } catch {
    throw new Error(`the proxy neither answers nor closes; so far: ${JSON.stringify(text)}`);
  } finally {
    if (c.leave === 'reset') socket.resetAndDestroy();
    else socket.destroy();
  }
  ended ??= 'open';
  Object.assign(conversation, { received: text, ended });
  return { text, ended, ms: performance.now() - started };
}
