/** Binds a port, accepts connections up to a limit, passes them to a protocol, and drains: requests in progress finish. */
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { plainAddress } from './forwarded-headers.ts';
import type { EarlyReply } from '../message/early-reply.ts';
import { LOCAL_REPLIES } from '../message/local-replies.ts';
import type { RefusalReply } from '../message/local-replies.ts';
import { boundPort } from '../snapshot/ports.ts';

/** The protocol on the connections of one listener. */
export interface ConnectionServer {
  /** Serves a connection from now on. */
  claim(socket: Socket): void;
  /**
   * Closes a connection that is not served, with a reply if the protocol has one.
   * Returns the bytes of the reply's body; undefined: none was sent.
   */
  refuse(socket: Socket, reply: RefusalReply): number | undefined;
  /** From now on every response closes its connection. */
  drain(): void;
  /** Closes connections on which no request is in progress. */
  closeIdle(): void;
  /** Closes everything at once. */
  close(): void;
}

export interface ListenSettings {
  /** Addresses to bind; undefined: all of them. */
  readonly addresses: readonly (string | undefined)[];
  /** Open client connections per listener; more are refused with 503. */
  readonly maxConnections: number;
  /** Called for each connection over the limit. `reply`: what it was sent; undefined: it was closed at once. */
  readonly refused: (reply: EarlyReply | undefined) => void;
}

/** Ms in which a kept-alive client may send one more request, whose response says `Connection: close`, before it is closed. */
const IDLE_GRACE = 1_000;
/** Error codes for an address, or a whole family, that the machine does not have. */
const ABSENT: readonly string[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];
/** Ms between two checks for open connections while draining. */
const DRAIN_CHECK = 100;
/** At most this many connections over the limit are answered at a time; others are closed at once. */
const MAX_REFUSED = 256;

export class Listener {
  readonly port: number;
  connections = 0;
  #server: ConnectionServer;
  #servers: Server[] = [];
  #settings: ListenSettings;
  /** Connections over the limit that are being answered; not in `connections`. */
  #refused = new Set<Socket>();

  /** @param port as the policy names it. */
  constructor(port: number, server: ConnectionServer, settings: ListenSettings) {
    this.port = port;
    this.#server = server;
    this.#settings = settings;
  }

  /**
   * Binds every address that the machine has. Rejects, with nothing bound, if one of them cannot be bound: a machine may not have
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
   * Stops accepting; responses in progress finish and say `Connection: close`. Settles when nothing is open, at the latest after
   * `timeout` ms, when everything is closed.
   */
  async drain(timeout: number): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#server.drain();
    const started = performance.now();
    while (this.connections > 0 && performance.now() - started < timeout) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK));
      // What has arrived is read first: on a busy machine, a request may wait behind this timer.
      await new Promise(setImmediate);
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
        // For example no file descriptors: the listener accepts again when there are some.
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

  /** A reply takes time, so the number of connections that get one at a time is limited. */
  #refuse(socket: Socket): void {
    const { status, reason } = LOCAL_REPLIES.tooManyConnections;
    const peer = plainAddress(socket.remoteAddress);
    let bytesOut: number | undefined;
    if (this.#refused.size < MAX_REFUSED) {
      this.#refused.add(socket);
      socket.on('close', () => this.#refused.delete(socket));
      bytesOut = this.#server.refuse(socket, LOCAL_REPLIES.tooManyConnections);
    } else socket.destroy();
    this.#settings.refused(bytesOut === undefined ? undefined : { peer, request: undefined, status, reason, bytesOut });
  }
}
