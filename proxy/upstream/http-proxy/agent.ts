/** The agent behind http-proxy-3, whose default keeps no connection: it takes them from the pool, and hands them to the attempt. */
import { Agent } from 'node:http';
import type { ClientRequest, ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionPool } from '../connection-pool.ts';
import type { Target } from '../../message/attempt.ts';

/** Whoever asked for a connection. */
export interface ConnectionUser {
  readonly target: Target;
  /** The socket it gets, connected already when it was used before. */
  onConnection(socket: Socket, reused: boolean): void;
}

/** How a ClientRequest reaches the attempt that made it through http-proxy-3: as one more option. */
export interface ConnectionUserOption {
  readonly connectionUser: ConnectionUser;
}

export class PoolAgent extends Agent {
  #pool: ConnectionPool;

  constructor(pool: ConnectionPool) {
    super({ keepAlive: true });
    this.#pool = pool;
  }

  /** Called by ClientRequest. */
  addRequest(
    request: ClientRequest & { onSocket(socket: Socket): void },
    { connectionUser }: ClientRequestArgs & ConnectionUserOption,
  ): void {
    const { socket, reused } = this.#pool.acquire(connectionUser.target);
    // Emitted by node:http when a response was read to its end and its connection may be used again.
    if (!reused) socket.on('free', () => this.#pool.release(socket));
    request.onSocket(socket);
    connectionUser.onConnection(socket, reused);
  }
}
