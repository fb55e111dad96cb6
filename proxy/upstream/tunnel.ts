/**
 * Moves the bytes of a tunnel in both directions, from its head to its end; for every protocol of either side.
 *
 * | event | other side | outcome |
 * | --- | --- | --- |
 * | a side ends its direction | the same, after all bytes; from then on `timeouts.idle` applies, too | `whole` |
 * | the client resets its connection | reset | `client-gone` |
 * | the backend resets its connection | reset | `upstream-broke` |
 * | no byte moves for `timeouts.tunnel` | both sides are closed | `deadline` |
 * | the listener or endpoint was removed, and its drain timeout is over | both sides are closed | `drained` |
 */
import type { IdleWatch, Watched } from './idle-timeout.ts';
import type { Target } from '../message/attempt.ts';
import type { End, Exchange } from '../message/exchange.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { TunnelEnd } from '../message/tunnel.ts';
import type { Timeouts } from '../snapshot/types.ts';

/** Default of `timeouts.tunnel`, ms. */
const TUNNEL_LIMIT = 3_600_000;

/** All open tunnels, so that those of an endpoint that leaves can be ended. */
export class Tunnels {
  #open = new Set<Tunnel>();
  #idle: IdleWatch;
  #isRetired: (key: string) => boolean;

  /** @param isRetired whether an endpoint has left: its backend may switch protocols after that. */
  constructor(idle: IdleWatch, isRetired: (key: string) => boolean) {
    this.#idle = idle;
    this.#isRetired = isRetired;
  }

  /** Sends the head to the client and moves bytes until the tunnel ends. */
  async open(x: Exchange, head: ResponseHead, target: Target, timeouts: Timeouts, backend: TunnelEnd): Promise<End> {
    const tunnel = new Tunnel(x.response.openTunnel(head), backend, target.key, timeouts);
    this.#open.add(tunnel);
    tunnel.start(this.#idle);
    if (this.#isRetired(target.key)) tunnel.retire();
    const end = await tunnel.done;
    this.#open.delete(tunnel);
    return end;
  }

  /** The endpoint has left: its tunnels end after `timeouts.drain`. */
  retire(key: string): void {
    for (const tunnel of this.#open) if (tunnel.key === key) tunnel.retire();
  }

  /** The endpoint has returned: its tunnels go on. */
  restore(key: string): void {
    if (!this.#isRetired(key)) return;
    for (const tunnel of this.#open) if (tunnel.key === key) tunnel.restore();
  }
}

class Tunnel implements Watched {
  readonly done: Promise<End>;
  readonly key: string;
  idleTimeout: number;
  idleAt = -1;
  #resolve!: (end: End) => void;
  #timeouts: Timeouts;
  #client: TunnelEnd;
  #backend: TunnelEnd;
  #watch: IdleWatch | undefined;
  #drain: NodeJS.Timeout | undefined;
  #how: End['how'] = 'whole';
  #closed = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(client: TunnelEnd, backend: TunnelEnd, key: string, timeouts: Timeouts) {
    client.onCut = () => this.#cut('drained');
    this.key = key;
    this.idleTimeout = timeouts.tunnel ?? TUNNEL_LIMIT;
    this.#timeouts = timeouts;
    this.#client = client;
    this.#backend = backend;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  start(watch: IdleWatch): void {
    this.#watch = watch;
    watch.add(this);
    this.#join(this.#backend, this.#client, 'upstream-broke', (bytes) => (this.#bytesOut += bytes));
    this.#join(this.#client, this.#backend, 'client-gone', (bytes) => (this.#bytesIn += bytes));
  }

  retire(): void {
    this.#drain ??= setTimeout(() => this.#cut('drained'), this.#timeouts.drain);
  }

  restore(): void {
    clearTimeout(this.#drain);
    this.#drain = undefined;
  }

  progress(): number {
    return this.#client.progress + this.#backend.progress;
  }

  onIdle(): void {
    this.#cut('deadline');
  }

  /** @param broken the outcome if `from` is cut. */
  #join(from: TunnelEnd, to: TunnelEnd, broken: End['how'], count: (bytes: number) => void): void {
    from.start({
      onData: (chunk) => {
        count(chunk.length);
        if (!to.write(chunk)) from.pause();
      },
      onDrain: () => to.resume(),
      onEnd: () => this.#halfClose(to),
      onClose: (failed) => {
        this.#closed++;
        // After its end, a backend may refuse what the client still sends. If both have ended, the remaining bytes are in transit.
        if (!from.ended || (failed && from === this.#client)) this.#cut(broken);
        else if (!to.ended) to.close();
        if (this.#closed === 2) this.#end();
      },
    });
  }

  #halfClose(to: TunnelEnd): void {
    to.end();
    const { idle } = this.#timeouts;
    if (idle <= 0 || (this.idleTimeout > 0 && idle >= this.idleTimeout)) return;
    this.#watch?.delete(this);
    this.idleTimeout = idle;
    this.#watch?.add(this);
  }

  #cut(how: End['how']): void {
    if (this.#how !== 'whole') return;
    if (this.#closed < 2) this.#how = how;
    // A reset is forwarded as a reset; the proxy's own end is not one.
    const reset = how === 'client-gone' || how === 'upstream-broke';
    for (const end of [this.#client, this.#backend]) {
      if (end.closed) continue;
      if (reset) end.reset();
      else end.destroy();
    }
  }

  #end(): void {
    clearTimeout(this.#drain);
    this.#watch?.delete(this);
    this.#resolve({ how: this.#how, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut });
  }
}
