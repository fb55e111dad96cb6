/** Clients and backends on raw sockets, which send what they are told, when and in what pieces they are told. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { eventually } from '../testing.ts';
import { Malformed, readRequests } from './test-strict.ts';
import type { Request } from './test-strict.ts';

/** Between two pieces, so that they arrive apart. */
const APART_MS = 3;
const TALK_LIMIT = 8_000;

export interface Script {
  /** `connect`: without being asked; `head`: at the end of the request head; `request`: once the request is whole (unless given). */
  readonly on?: 'connect' | 'head' | 'request';
  /** Sent at the end of the request head, beside all that. */
  readonly atHead?: string;
  /** Pieces, sent apart. */
  readonly send?: string | readonly string[];
  /** After that; `keep` unless given. */
  readonly then?: 'keep' | 'end' | 'reset';
  /** The request asks for another protocol: its connection is handed over instead, with what came behind the head. */
  readonly tunnel?: (socket: Socket, early: string) => void;
}

export interface HostileBackend {
  readonly port: number;
  /** Whole requests, in the order in which they became whole. Throws where a byte of what came is against the rules. */
  requests(): Request[];
  /** Forgets what it has seen. */
  forget(): void;
  /** Bytes that are no whole request, of all connections together. */
  rest(): string;
  connections: number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Scripts that have not sent everything yet. */
  playing: number;
  /** What requests get from now on. */
  script: Script;
  close(): Promise<void>;
}

async function sendApart(socket: Socket, pieces: string | readonly string[]): Promise<void> {
  for (const piece of typeof pieces === 'string' ? [pieces] : pieces) {
    if (socket.destroyed) return;
    socket.write(piece, 'latin1');
    if (typeof pieces !== 'string') await new Promise((resolve) => setTimeout(resolve, APART_MS));
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

/** One connection of a hostile backend: reads strictly, answers as told. */
function converse(socket: Socket, backend: HostileBackend, seen: Request[], wrong: (error: Malformed) => void): () => string {
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
        seen.push(request);
        headSeen = false;
        if (tunnel && early !== undefined) {
          switched = true;
          tunnel(socket, early);
        } else if ((backend.script.on ?? 'request') === 'request') void play(socket, backend);
      }
    } catch (error) {
      if (error instanceof Malformed) wrong(error);
      else throw error;
    }
  });
  return () => rest;
}

export async function hostileBackend(script: Script): Promise<HostileBackend> {
  const seen: Request[] = [];
  const rests: (() => string)[] = [];
  const sockets = new Set<Socket>();
  let malformed: Malformed | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    backend.connections++;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    rests.push(converse(socket, backend, seen, (error) => (malformed ??= error)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const backend: HostileBackend = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    playing: 0,
    script,
    requests: () => {
      if (malformed) throw malformed;
      return seen;
    },
    forget: () => {
      seen.length = 0;
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
  /** How the proxy ended the connection; `open`: it did not, the client went. */
  readonly ended: 'open' | 'closed' | 'reset';
  readonly ms: number;
}

export interface Client {
  /** Pieces, sent apart. */
  readonly send: string | readonly string[];
  /** The client goes once it has seen this, or at once with `''`; without it, it waits until the proxy closes. */
  readonly until?: RegExp;
  /** Or once nothing has come for so long, ms. */
  readonly silence?: number;
  /** And once this holds. */
  readonly when?: () => boolean;
  /** How it goes. */
  readonly leave?: 'end' | 'reset';
  /** Reads nothing before all is sent. */
  readonly readLater?: boolean;
  /** Sends the rest only after it has seen this. */
  readonly awaits?: RegExp;
  readonly rest?: string;
}

/** Everything is with the peer's kernel, or will never be. */
async function sent(socket: Socket): Promise<void> {
  await eventually(() => socket.writableLength === 0 || socket.destroyed, TALK_LIMIT);
  socket.resume();
}

/** Talks to the proxy until one side ends the connection; the whole of what came back. */
export async function talk(port: number, c: Client): Promise<Talk> {
  const started = performance.now();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
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
  await sendApart(socket, c.send);
  if (c.readLater === true) await sent(socket);
  if (c.awaits) {
    await eventually(() => ended !== undefined || c.awaits?.test(text) === true, TALK_LIMIT);
    socket.write(c.rest ?? '', 'latin1');
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
  return { text, ended: ended ?? 'open', ms: performance.now() - started };
}
