import { PoolAgent } from './agent.ts';
import { HttpProxyAttempt } from './attempt.ts';
import { ConnectionPool } from '../connection-pool.ts';
import { IdleWatch } from '../idle-timeout.ts';
import { Tunnels } from '../tunnel.ts';
import type { Attempt, AttemptSpec, Target, Upstream } from '../../message/attempt.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { RequestHead } from '../../message/request-head.ts';

/** HTTP/1.1 to backends through http-proxy-3. */
export class HttpProxyUpstream implements Upstream {
  readonly connections: ConnectionPool;
  #agent: PoolAgent;
  #idle: IdleWatch;
  #tunnels: Tunnels;
  #now: () => number;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number) {
    this.connections = new ConnectionPool(now);
    this.#agent = new PoolAgent(this.connections);
    this.#idle = new IdleWatch(now);
    this.#tunnels = new Tunnels(this.#idle, (key) => this.connections.isRetired(key));
    this.#now = now;
  }

  start(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec): Attempt {
    const tools = { connections: this.connections, agent: this.#agent, idle: this.#idle, tunnels: this.#tunnels, now: this.#now };
    return new HttpProxyAttempt(x, head, target, spec, tools);
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
