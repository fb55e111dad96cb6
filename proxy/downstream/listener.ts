/** Binds ports, owns a socket until a protocol claims it, and ends listeners without cutting off what is in progress. */
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { LOCAL_REPLIES } from '../message/local-replies.ts';
import type { Refusal } from '../message/local-replies.ts';
import { boundPort } from '../snapshot/ports.ts';

/** What speaks a protocol on the connections of a listener: one for each listener. */
export interface ConnectionServer {
  /** Serves a connection from now on. */
  claim(socket: Socket): void;
  /** Ends a connection that is not served, with an answer where the protocol has one. */
  refuse(socket: Socket, reply: Refusal): void;
  /** From now on every response ends its connection. */
  drain(): void;
  /** Ends connections on which no request is in progress. */
  closeIdle(): void;
  /** Ends everything at once. */
  close(): void;
}

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
/** Error codes of a machine that lacks an address, or its whole family. */
const ABSENT: readonly string[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];
const DRAIN_CHECK = 100;
/** Connections over the cap are answered, as long as no more than this many are at a time; others are closed at once. */
const MAX_REFUSED = 256;

export class Listener {
  readonly port: number;
  connections = 0;
  #server: ConnectionServer;
  #servers: Server[] = [];
  #settings: ListenSettings;
  /** Connections over the cap that are being answered; not counted. */
  #refused = new Set<Socket>();

  /** @param port as the policy names it. */
  constructor(port: number, server: ConnectionServer, settings: ListenSettings) {
    this.port = port;
    this.#server = server;
    this.#settings = settings;
  }

  /**
   * Binds every address that the machine has. Rejects, with nothing bound, when one of them cannot be bound: a machine may lack
   * a sidecar's ::1, but an address that another process uses must be reported.
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
      this.#server.close();
      throw error;
    }
  }

  /**
   * Stops accepting; requests in progress finish and tell their clients to close. Settles when nothing is open, at the latest after
   * `timeout` ms, at which everything is cut off.
   */
  async drain(timeout: number): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#server.drain();
    const started = performance.now();
    while (this.connections > 0 && performance.now() - started < timeout) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK));
      if (performance.now() - started >= IDLE_GRACE) this.#server.closeIdle();
    }
    this.#server.close();
    for (const socket of this.#refused) socket.destroy();
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
    this.#server.claim(socket);
  }

  /** An answer takes a moment, so the number of clients that get one at a time is limited. */
  #refuse(socket: Socket): void {
    this.#settings.refused();
    if (this.#refused.size >= MAX_REFUSED) return void socket.destroy();
    this.#refused.add(socket);
    socket.on('close', () => this.#refused.delete(socket));
    this.#server.refuse(socket, LOCAL_REPLIES.tooManyConnections);
  }
}
