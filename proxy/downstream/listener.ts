/** Binds ports, owns a socket until an exchange claims it, and ends listeners without cutting off what is in progress. */
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { boundPort } from '../snapshot/ports.ts';
import type { Http1Server } from './http1/server.ts';
import { sendRawReply } from './local-reply.ts';

export interface ListenSettings {
  /** Addresses to bind; undefined: every one. */
  readonly addresses: readonly (string | undefined)[];
  /** Open client connections per listener; more are refused with 503. */
  readonly maxConnections: number;
  /** The connection cap was hit. */
  readonly refused: () => void;
}

/** Kept-alive clients have this long to send one more request, whose response tells them to close, before they are cut off. */
const IDLE_GRACE = 1_000;
/** How it shows that the machine lacks an address, or its whole family. */
const ABSENT: readonly string[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];
const DRAIN_CHECK = 100;
/** Connections over the cap are told so, as long as no more than this many are being told; others are closed at once. */
const MAX_LEAVING = 256;

export class Listener {
  readonly port: number;
  connections = 0;
  #http: Http1Server;
  #servers: Server[] = [];
  #settings: ListenSettings;
  /** Connections over the cap that are being told so; not counted. */
  #leaving = new Set<Socket>();

  /** @param port as the policy names it. */
  constructor(port: number, http: Http1Server, settings: ListenSettings) {
    this.port = port;
    this.#http = http;
    this.#settings = settings;
  }

  /**
   * Binds every address that the machine has. Rejects, with nothing bound, when one of them can not be: a sidecar's ::1 may well be
   * missing, but that somebody else has it must be told.
   */
  async open(): Promise<void> {
    let absent: unknown;
    try {
      for (const address of this.#settings.addresses) {
        const server = await this.#bind(address).catch((error: NodeJS.ErrnoException) => {
          if (!ABSENT.includes(error.code ?? '')) throw error;
          absent = error;
        });
        if (server) this.#servers.push(server);
      }
      if (this.#servers.length === 0) throw absent;
    } catch (error) {
      for (const server of this.#servers) server.close();
      this.#http.close();
      throw error;
    }
  }

  /**
   * Stops accepting; requests in progress finish and tell their clients to close. Settles when nothing is open, at the latest after
   * `timeout` ms, at which everything is cut off.
   */
  async drain(timeout: number): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#http.drain();
    const started = performance.now();
    while (this.connections > 0 && performance.now() - started < timeout) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK));
      if (performance.now() - started >= IDLE_GRACE) this.#http.closeIdle();
    }
    this.#http.close();
    for (const socket of this.#leaving) socket.destroy();
  }

  #bind(address: string | undefined): Promise<Server> {
    const server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      (socket) => this.#accept(socket),
    );
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port: boundPort(this.port), backlog: 1024 }, () => {
        server.off('error', reject);
        // Out of file descriptors, say: the listener goes on when there are some again.
        server.on('error', () => undefined);
        resolve(server);
      });
    });
  }

  #accept(socket: Socket): void {
    if (this.connections >= this.#settings.maxConnections) return this.#refuse(socket);
    this.connections++;
    socket.on('close', () => this.connections--);
    this.#http.claim(socket);
  }

  /** The answer is worth a moment, but not to any number of clients at a time. */
  #refuse(socket: Socket): void {
    this.#settings.refused();
    if (this.#leaving.size >= MAX_LEAVING) return void socket.destroy();
    this.#leaving.add(socket);
    socket.on('close', () => this.#leaving.delete(socket));
    sendRawReply(socket, { status: 503, reason: 'overflow', text: 'too many connections' });
  }
}
