/** What engines of protocols with one request at a time on a connection share: pooled connections, tunnels, the sweep for idle ones. */
import { ConnectionPool } from './connection-pool.ts';
import { IdleWatch } from './idle-timeout.ts';
import { Tunnels } from './tunnel.ts';
import type { Attempt, AttemptSpec, Target, Upstream } from '../message/attempt.ts';
import type { Exchange } from '../message/exchange.ts';
import type { RequestHead } from '../message/request-head.ts';

/** What all attempts of an engine share. */
export interface AttemptTools {
  readonly connections: ConnectionPool;
  readonly idle: IdleWatch;
  readonly tunnels: Tunnels;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export abstract class PooledUpstream implements Upstream {
  readonly connections: ConnectionPool;
  protected readonly tools: AttemptTools;
  #tunnels: Tunnels;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number) {
    const connections = new ConnectionPool(now);
    const idle = new IdleWatch(now);
    this.connections = connections;
    this.#tunnels = new Tunnels(idle, (key) => connections.isRetired(key));
    this.tools = { connections, idle, tunnels: this.#tunnels, now };
  }

  abstract start(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec): Attempt;

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
