import { Http1Attempt } from './attempt.ts';
import type { AttemptTools } from './attempt.ts';
import { ConnectionPool } from '../connection-pool.ts';
import { IdleWatch } from '../idle-timeout.ts';
import { Tunnels } from '../tunnel.ts';
import type { Attempt, AttemptSpec, Target, Upstream } from '../../message/attempt.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { RequestHead } from '../../message/request-head.ts';

/** HTTP/1.1 to backends on sockets: bytes are read and written with the codec of http1/. */
export class Http1Upstream implements Upstream {
  readonly connections: ConnectionPool;
  #tunnels: Tunnels;
  /** The same for all attempts. */
  #tools: AttemptTools;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number) {
    this.connections = new ConnectionPool(now);
    const { connections } = this;
    const idle = new IdleWatch(now);
    this.#tunnels = new Tunnels(idle, (key) => connections.isRetired(key));
    this.#tools = { connections, idle, tunnels: this.#tunnels, now };
  }

  start(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec): Attempt {
    return new Http1Attempt(x, head, target, spec, this.#tools);
  }

  retire(target: Target): void {
    this.#tunnels.retire(target.key);
    this.connections.retire(target.key);
  }

  restore(target: Target): void {
    this.#tunnels.restore(target.key);
    this.connections.restore(target.key);
  }

  close(): void {
    this.connections.close();
  }
}
