/** A connection of the pool that carries HTTP/1: one request at a time, whose response is read from its bytes. */
import type { Socket } from 'node:net';
import type { ConnectionPool } from '../connection-pool.ts';
import { MALFORMED } from '../../http1/head-reader.ts';
import { ResponseReader } from '../../http1/response-reader.ts';
import type { ResponseReceiver } from '../../http1/response-reader.ts';
import type { Target } from '../../message/attempt.ts';
import { listenTo, stopReading } from '../../socket/socket-listener.ts';
import type { SocketListener } from '../../socket/socket-listener.ts';

/** Response heads may be as large as request heads, and have as many fields as node:http reads. */
const LIMITS = { headBytes: 64 * 1024, fields: 999, chunkExtensions: 16 * 1024 };

const CONNECTION = Symbol('http1 connection');
interface Carrier extends Socket {
  [CONNECTION]?: Connection;
}

/** The attempt that uses the connection. */
export interface ConnectionUser {
  onConnected(): void;
  /** What has arrived of the response was passed on. `surplus`: bytes follow that are not part of the response. */
  onRead(surplus: boolean): void;
  onMalformed(fault: string): void;
  /** After a 101. The connection has let go of its socket, which is paused. `early`: what arrived after the head. */
  onSwitched(socket: Socket, early: Buffer): void;
  /** More can be written. */
  onDrain(): void;
  /** The connection is closed, or the backend's half of it, before the response was whole. */
  onClosed(reason: string): void;
}

export class Connection implements SocketListener {
  readonly socket: Socket;
  #pool: ConnectionPool;
  #reader = new ResponseReader(LIMITS);
  #user: ConnectionUser | undefined;
  #reason = 'closed without a response';

  /** An idle connection, or a new one that connects. */
  static acquire(pool: ConnectionPool, target: Target): Connection {
    const { socket } = pool.acquire(target);
    return (socket as Carrier)[CONNECTION] ?? new Connection(socket, pool);
  }

  private constructor(socket: Socket, pool: ConnectionPool) {
    this.socket = socket;
    this.#pool = pool;
    (socket as Carrier)[CONNECTION] = this;
    socket.once('connect', () => this.#user?.onConnected());
    listenTo(socket, this);
  }

  /** Begins a request, which `user` writes to the socket; its response goes to `to`. `bodiless`: the request is HEAD. */
  begin(user: ConnectionUser, to: ResponseReceiver, bodiless: boolean): void {
    this.#user = user;
    this.#reader.begin(to, bodiless);
  }

  /** The request is over, and the connection may be reused. `keepAlive`: ms for which the backend keeps it. */
  release(keepAlive: number): void {
    this.#user = undefined;
    this.resume();
    if (keepAlive !== Infinity) this.#pool.hint(this.socket, keepAlive);
    this.#pool.release(this.socket);
  }

  destroy(): void {
    this.#user = undefined;
    this.socket.destroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    if (this.socket.isPaused()) this.socket.resume();
  }

  onData(chunk: Buffer): void {
    const user = this.#user;
    // Nothing was asked for: it would be read as the response to the next request.
    if (user === undefined) return void this.socket.destroy();
    // The request is still being sent, after which the connection is not reused.
    if (this.#reader.over) return;
    const read = this.#reader.read(chunk);
    if (this.#user !== user) return;
    if (read === MALFORMED) user.onMalformed(this.#reader.fault);
    else if (this.#reader.switched) this.#switch(user, chunk.subarray(read));
    else user.onRead(read < chunk.length);
  }

  onEnd(): void {
    if (this.#reader.over) return;
    if (this.#reader.close()) this.#user?.onRead(false);
    else this.#user?.onClosed(this.#reason);
  }

  onDrain(): void {
    this.#user?.onDrain();
  }

  onError(reason: string): void {
    this.#reason = reason;
  }

  onClose(): void {
    this.#user?.onClosed(this.#reason);
  }

  #switch(user: ConnectionUser, early: Buffer): void {
    this.#user = undefined;
    this.socket.pause();
    stopReading(this.socket);
    user.onSwitched(this.socket, early);
  }
}
