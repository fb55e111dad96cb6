/** The agent for http-proxy-3 (its default keeps no connections): takes connections from the pool and passes them to the attempt. */
import { Agent } from 'node:http';
import type { ClientRequest, ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionPool } from '../connection-pool.ts';
import type { Target } from '../../message/attempt.ts';

/** The attempt that needs a connection. */
export interface ConnectionUser {
  readonly target: Target;
  /** @param reused the socket is already connected. */
  onConnection(socket: Socket, reused: boolean): void;
}

/** Carries the attempt through http-proxy-3 to the agent, as one more request option. */
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
    // Emitted by node:http when a response was read to its end and its connection may be reused.
    if (!reused) socket.on('free', () => this.#pool.release(socket));
    request.onSocket(socket);
    connectionUser.onConnection(socket, reused);
  }
}
