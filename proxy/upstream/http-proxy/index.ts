import type { Http1Exchange } from '../../downstream/http1/exchange.ts';
import type { Attempt, AttemptSpec, Target, Upstream } from '../../message/exchange.ts';
import { HttpAttempt } from './attempt.ts';
import { Connections } from '../connection-pool.ts';
import { IdleWatch } from '../idle-timeout.ts';
import { Tunnels } from '../tunnel.ts';

/** HTTP/1.1 to backends through http-proxy-3; fused with downstream/http1, since the library needs its client side on node:http. */
export class HttpProxyUpstream implements Upstream<Http1Exchange> {
  readonly connections: Connections;
  #idle: IdleWatch;
  #tunnels: Tunnels;
  #now: () => number;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number) {
    this.connections = new Connections(now);
    this.#idle = new IdleWatch(now);
    this.#tunnels = new Tunnels(this.#idle, (key) => this.connections.isRetired(key));
    this.#now = now;
  }

  start(x: Http1Exchange, target: Target, spec: AttemptSpec): Attempt {
    const { connections } = this;
    return new HttpAttempt(x, target, spec, { connections, idle: this.#idle, tunnels: this.#tunnels, now: this.#now });
  }

  retire(target: Target, how: 'drain' | 'close'): void {
    this.#tunnels.retire(target.key);
    this.connections.retire(target.key, how);
  }

  restore(target: Target): void {
    this.#tunnels.restore(target.key);
    this.connections.restore(target.key);
  }

  close(): void {
    this.connections.close();
  }
}
