/** The client's side over HTTP/1, on the bytes of sockets. It does not listen: listener.ts passes accepted sockets to it. */
import type { Socket } from 'node:net';
import { ClientConnection } from './connection.ts';
import type { ConnectionHost } from './connection-host.ts';
import { CHECK_INTERVAL, TIME_LIMITS } from '../http-server-settings.ts';
import type { HttpServerSettings, TimeLimits } from '../http-server-settings.ts';
import type { ConnectionServer } from '../listener.ts';
import { sendRawReply } from '../raw-reply.ts';
import type { RefusalReply } from '../../message/local-replies.ts';

class Http1Server implements ConnectionServer, ConnectionHost {
  readonly settings: HttpServerSettings;
  readonly limits: TimeLimits;
  readonly keepAliveLines: string;
  draining = false;
  closed = false;
  #connections = new Set<ClientConnection>();
  /** One timer for the limits of all connections. */
  #checks: NodeJS.Timeout;

  constructor(settings: HttpServerSettings) {
    this.settings = settings;
    this.limits = { ...TIME_LIMITS, ...settings.limits };
    const seconds = Math.trunc(this.limits.keepAliveTimeout / 1000);
    this.keepAliveLines = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n`;
    // What has arrived is read first: on a busy machine, it may wait behind this timer.
    this.#checks = setInterval(() => setImmediate(() => this.#check()), CHECK_INTERVAL).unref();
  }

  claim(socket: Socket): void {
    const connection = new ClientConnection(socket, this);
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
  }

  refuse(socket: Socket, reply: RefusalReply): number | undefined {
    return sendRawReply(socket, reply);
  }

  drain(): void {
    this.draining = true;
  }

  closeIdle(): void {
    for (const connection of this.#connections) connection.closeIfIdle();
  }

  close(): void {
    this.closed = true;
    clearInterval(this.#checks);
    for (const connection of this.#connections) connection.close();
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.check(now);
  }
}

export function createHttp1Server(s: HttpServerSettings): ConnectionServer {
  return new Http1Server(s);
}
