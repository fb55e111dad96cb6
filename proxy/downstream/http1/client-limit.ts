/** The one time limit that applies to a client at a time. The server checks those of all its connections at intervals. */
import type { Socket } from 'node:net';
import type { TimeLimits } from '../http-server-settings.ts';

/** `head`: to the whole head; `idle`: to the next request; `unread`: to read a local reply. */
export type Limit = 'head' | 'idle' | 'unread' | 'none';

export class ClientLimit {
  kind: Limit = 'none';
  #deadline = Infinity;
  #unread = 0;
  #limits: TimeLimits;
  #socket: Socket;

  constructor(limits: TimeLimits, socket: Socket) {
    this.#limits = limits;
    this.#socket = socket;
  }

  set(kind: Limit): void {
    this.kind = kind;
    if (kind === 'none') this.#deadline = Infinity;
    else this.#deadline = performance.now() + this.#duration(kind);
    if (kind === 'unread') this.#unread = this.#socket.writableLength;
  }

  /** Whether the limit is exceeded. Progress in reading begins it again. */
  exceeded(now: number): boolean {
    if (now < this.#deadline) return false;
    if (this.kind !== 'unread' || this.#socket.writableLength >= this.#unread) return true;
    this.set('unread');
    return false;
  }

  #duration(kind: Exclude<Limit, 'none'>): number {
    const { headTimeout, keepAliveTimeout, unreadTimeout } = this.#limits;
    if (kind === 'head') return headTimeout;
    return kind === 'idle' ? keepAliveTimeout : unreadTimeout;
  }
}
