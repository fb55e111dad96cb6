/**
 * Connections to backends, separate for each target key: an endpoint with a reused address inherits none, and policies share none.
 * Idle connections are closed before the backend closes them (a request on a connection that is just being closed is lost): one
 * second before its `Keep-Alive` hint, else after 4 s (Node backends close after 5 s).
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { ConnectionCounts, ConnectionQuota, Target } from '../message/attempt.ts';

/** Ms that a connection may be idle, without a hint of the backend. */
const IDLE_LIMIT = 4_000;
/** Ms before the end of a hint at which a connection is closed. */
const HINT_MARGIN = 1_000;
/** Ms between two checks of idle connections. */
const SWEEP_INTERVAL = 250;
/** Idle connections per endpoint; more are not worth their memory. */
const MAX_IDLE = 256;

const STATE = Symbol('connection');

interface State {
  readonly key: string;
  /** Undefined once it was given back. */
  quota: ConnectionQuota | undefined;
  /** Bytes received until it became idle: any more would be read as the response to the next request. */
  bytesRead: number;
  /** Monotonic ms at which it must be closed if it is still idle. */
  idleUntil: number;
  /** The timeout in the last response's Keep-Alive field, ms; Infinity: none. */
  hint: number;
}

interface Pooled extends Socket {
  [STATE]?: State;
}

export class ConnectionPool implements ConnectionCounts {
  opened = 0;
  reused = 0;
  #idle = new Map<string, Pooled[]>();
  #retired = new Set<string>();
  #open = new Map<string, Set<Pooled>>();
  #now: () => number;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A connection for one request: an idle one, or a new one that connects. The caller releases or destroys it. */
  acquire(target: Target): { readonly socket: Socket; readonly reused: boolean } {
    const idle = this.#takeIdle(target.key);
    if (idle) {
      this.reused++;
      return { socket: idle, reused: true };
    }
    return { socket: this.#connect(target), reused: false };
  }

  /** The request is over and its connection may be reused. */
  release(socket: Socket): void {
    this.#keep(socket);
  }

  /** The backend keeps this connection for `ms`. */
  hint(socket: Socket, ms: number): void {
    const state = (socket as Pooled)[STATE];
    if (state) state.hint = ms;
  }

  /** The endpoint has left: idle connections are closed now, busy ones when their request ends. */
  retire(key: string): void {
    for (const socket of this.#idle.get(key) ?? []) socket.destroy();
    this.#idle.delete(key);
    if (this.#open.has(key)) this.#retired.add(key);
  }

  /** The endpoint has returned: busy connections may be kept. */
  restore(key: string): void {
    this.#retired.delete(key);
  }

  /** Whether the endpoint has left while connections to it are open. */
  isRetired(key: string): boolean {
    return this.#retired.has(key);
  }

  /** Closes idle connections now, and each other one when its request ends. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const sockets of this.#idle.values()) for (const socket of sockets) socket.destroy();
    this.#idle.clear();
  }

  #takeIdle(key: string): Pooled | undefined {
    const idle = this.#idle.get(key);
    if (idle === undefined) return undefined;
    for (let socket = idle.pop(); socket; socket = idle.pop()) {
      const state = socket[STATE];
      if (state && socket.writable && !socket.readableEnded && isQuiet(socket, state) && state.idleUntil > this.#now())
        return socket;
      socket.destroy();
    }
    return undefined;
  }

  #connect(target: Target): Pooled {
    this.opened++;
    const { key, quota } = target;
    if (quota) {
      // There is an idle one, unless a request is about to release its own: requests in progress never exceed the quota.
      if (quota.open >= quota.max) this.#closeIdleOf(quota);
      quota.open++;
    }
    const socket: Pooled = connect({
      host: target.address,
      port: target.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    });
    socket[STATE] = { key, quota, bytesRead: 0, idleUntil: 0, hint: Infinity };
    let open = this.#open.get(key);
    if (!open) this.#open.set(key, (open = new Set()));
    open.add(socket);
    // A protocol handles errors only while a request uses the socket.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#forget(socket, key));
    return socket;
  }

  #keep(socket: Pooled): void {
    const state = socket[STATE];
    if (!state || this.#closed || !socket.writable || this.#retired.has(state.key)) return void socket.destroy();
    if (state.quota && state.quota.open > state.quota.max) return void socket.destroy();
    const limit = Math.min(IDLE_LIMIT, state.hint - HINT_MARGIN);
    let idle = this.#idle.get(state.key);
    if (!idle) this.#idle.set(state.key, (idle = []));
    if (limit <= 0 || idle.length >= MAX_IDLE) return void socket.destroy();
    state.bytesRead = socket.bytesRead;
    state.idleUntil = this.#now() + limit;
    idle.push(socket);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL).unref();
  }

  /** Closes an idle connection of this quota, to make room for another one. */
  #closeIdleOf(quota: ConnectionQuota): void {
    for (const sockets of this.#idle.values()) {
      const socket = sockets.find((s) => s[STATE]?.quota === quota);
      if (!socket) continue;
      releaseQuota(socket);
      socket.destroy();
      return;
    }
  }

  #forget(socket: Pooled, key: string): void {
    releaseQuota(socket);
    const idle = this.#idle.get(key);
    const at = idle?.indexOf(socket) ?? -1;
    if (at >= 0) idle?.splice(at, 1);
    const open = this.#open.get(key);
    open?.delete(socket);
    if (open?.size !== 0) return;
    this.#open.delete(key);
    this.#idle.delete(key);
    this.#retired.delete(key);
  }

  #sweep(): void {
    const now = this.#now();
    for (const sockets of this.#idle.values()) {
      for (const socket of sockets) {
        const state = socket[STATE];
        if (!state || state.idleUntil <= now || !isQuiet(socket, state)) socket.destroy();
      }
    }
    if (this.#idle.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

/** The connection is closed, or will be now. */
function releaseQuota(socket: Pooled): void {
  const state = socket[STATE];
  if (state?.quota) state.quota.open--;
  if (state) state.quota = undefined;
}

/** No byte has arrived since it became idle; it is read meanwhile. */
function isQuiet(socket: Socket, state: State): boolean {
  return socket.bytesRead === state.bytesRead;
}
