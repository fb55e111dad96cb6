/**
 * The bytes of an upgraded connection, both ways, from its 101 to its end.
 *
 * | what happens | the other side | outcome |
 * | --- | --- | --- |
 * | a side ends what it sends | ends likewise, once it has everything; from then on `timeouts.idle` counts, too | `whole` |
 * | the client resets its connection | is reset | `client-gone` |
 * | the backend does | is reset | `upstream-broke` |
 * | nothing moves for `timeouts.tunnel` | both are closed | `deadline` |
 * | the listener or endpoint has gone, and its time to drain is over | both are closed | `drained` |
 */
import type { Socket } from 'node:net';
import type { Http1Exchange } from '../downstream/http1/exchange.ts';
import { linger } from '../downstream/http1/lingering-close.ts';
import type { UpgradeResponse } from '../downstream/http1/upgrade.ts';
import type { End, Target } from '../message/exchange.ts';
import { editList } from '../message/header-edit.ts';
import type { Timeouts } from '../snapshot/types.ts';
import { formatHandshake } from '../http1/upgrade-response.ts';
import type { Handshake } from '../http1/upgrade-response.ts';
import type { IdleWatch, Watched } from './idle-timeout.ts';

/** Where the snapshot does not say: the policy's default. */
const TUNNEL_LIMIT = 3_600_000;

/** A connection on which the backend has switched protocols. */
export interface Switched extends Handshake {
  readonly socket: Socket;
  /** What came with the head, behind it. */
  readonly early: Buffer;
}

/** All tunnels, for those that must end when their endpoint has gone. */
export class Tunnels {
  #open = new Set<Tunnel>();
  #idle: IdleWatch;
  #isGone: (key: string) => boolean;

  /** @param isGone whether an endpoint has gone; its backend may still have been about to switch. */
  constructor(idle: IdleWatch, isGone: (key: string) => boolean) {
    this.#idle = idle;
    this.#isGone = isGone;
  }

  /** Sends the 101 to the client and moves bytes until the end. */
  async open(x: Http1Exchange, target: Target, timeouts: Timeouts, switched: Switched): Promise<End> {
    const tunnel = new Tunnel(x.upgrade as UpgradeResponse, target, timeouts, switched.socket);
    this.#open.add(tunnel);
    const edited = x.responseEdit ? editList(switched.headers, x.responseEdit) : switched.headers;
    const cookies = (x.cookies ?? []).flatMap((cookie) => ['set-cookie', cookie]);
    tunnel.start(formatHandshake([...edited, ...cookies], switched.protocol), switched.early, this.#idle);
    if (this.#isGone(target.key)) tunnel.retire();
    const end = await tunnel.done;
    this.#open.delete(tunnel);
    return end;
  }

  /** The endpoint is gone: its tunnels end within their time to drain. */
  retire(key: string): void {
    for (const tunnel of this.#open) if (tunnel.key === key) tunnel.retire();
  }

  /** The endpoint is there again: its tunnels go on. */
  restore(key: string): void {
    if (!this.#isGone(key)) return;
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
  #client: Socket;
  #early: readonly Buffer[];
  #backend: Socket;
  #watch: IdleWatch | undefined;
  #drain: NodeJS.Timeout | undefined;
  #how: End['how'] = 'whole';
  #closed = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(response: UpgradeResponse, target: Target, timeouts: Timeouts, backend: Socket) {
    const { client, early } = response.switchOver();
    response.cut = () => this.#cut('drained');
    this.key = target.key;
    this.idleTimeout = timeouts.tunnel ?? TUNNEL_LIMIT;
    this.#timeouts = timeouts;
    this.#client = client;
    this.#early = early;
    this.#backend = backend;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  start(head: Buffer, early: Buffer, watch: IdleWatch): void {
    const client = this.#client;
    const backend = this.#backend;
    this.#watch = watch;
    watch.add(this);
    // What a side has sent before it ended its half must still be answered.
    backend.allowHalfOpen = true;
    client.on('data', (chunk: Buffer) => this.#up(chunk));
    backend.on('data', (chunk: Buffer) => this.#down(chunk));
    this.#join(client, backend, 'client-gone');
    this.#join(backend, client, 'upstream-broke');
    client.write(head);
    if (early.length > 0) this.#down(early);
    for (const chunk of this.#early) this.#up(chunk);
    this.#early = [];
    // Both were paused, or let go of by node:http.
    if (!backend.writableNeedDrain) client.resume();
    if (!client.writableNeedDrain) backend.resume();
  }

  retire(): void {
    this.#drain ??= setTimeout(() => this.#cut('drained'), this.#timeouts.drain);
  }

  restore(): void {
    clearTimeout(this.#drain);
    this.#drain = undefined;
  }

  progress(): number {
    const client = this.#client;
    const backend = this.#backend;
    return client.bytesRead + client.bytesWritten + backend.bytesRead + backend.bytesWritten;
  }

  onIdle(): void {
    this.#cut('deadline');
  }

  #up(chunk: Buffer): void {
    this.#bytesIn += chunk.length;
    if (!this.#backend.write(chunk)) this.#client.pause();
  }

  #down(chunk: Buffer): void {
    this.#bytesOut += chunk.length;
    if (!this.#client.write(chunk)) this.#backend.pause();
  }

  /** @param broken what it is when `from` is cut off. */
  #join(from: Socket, to: Socket, broken: End['how']): void {
    to.on('drain', () => from.resume());
    from.on('end', () => this.#halfClose(to));
    from.on('close', (hadError: boolean) => {
      this.#closed++;
      // After its end, a backend may well refuse what a client goes on sending. Where both have ended, what is left is on its way.
      if (!from.readableEnded || (hadError && from === this.#client)) this.#cut(broken);
      else if (!to.readableEnded) linger(to);
      if (this.#closed === 2) this.#end();
    });
  }

  #halfClose(to: Socket): void {
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
    // Told apart from an end in good order, unless it is one of ours.
    const reset = how === 'client-gone' || how === 'upstream-broke';
    for (const socket of [this.#client, this.#backend]) {
      if (socket.destroyed) continue;
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  #end(): void {
    clearTimeout(this.#drain);
    this.#watch?.delete(this);
    this.#resolve({ how: this.#how, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut });
  }
}
