/**
 * Upstream connections: the agent behind http-proxy-3, whose default is none at all. Kept apart by the target's key, so that an address
 * that is used again inherits nothing, and policies do not share any. Idle connections are closed before the backend does it (a request on a connection that the
 * backend is just closing is lost): at its `Keep-Alive` hint less a second, else after 4 s (Node backends close at 5).
 */
import { Agent } from 'node:http';
import type { ClientRequest, ClientRequestArgs } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { ConnectionQuota, Target } from '../message/exchange.ts';

const IDLE_LIMIT = 4_000;
const HINT_MARGIN = 1_000;
const SWEEP_INTERVAL = 250;
/** More than this many idle connections to one endpoint are not worth their memory. */
const MAX_IDLE = 256;

/** Whoever asked for a connection. */
export interface Applicant {
  readonly target: Target;
  /** The socket it gets, connected already when it was used before. */
  onConnection(socket: Socket, reused: boolean): void;
}

/** How a ClientRequest reaches its applicant through http-proxy-3: as one more option. */
export interface ApplicantOption {
  readonly applicant: Applicant;
}

const STATE = Symbol('connection');

interface State {
  readonly key: string;
  /** Undefined once it was given back. */
  quota: ConnectionQuota | undefined;
  /** Bytes that had come when it became idle: what nobody asked for would be taken for the response to the next request. */
  bytesRead: number;
  /** Monotonic ms at which it must be closed when still idle. */
  idleUntil: number;
  /** From the last response's Keep-Alive field, ms. */
  hint: number;
}

interface Pooled extends Socket {
  [STATE]?: State;
}

export class Connections extends Agent {
  opened = 0;
  reused = 0;
  #idle = new Map<string, Pooled[]>();
  #retired = new Set<string>();
  #open = new Map<string, Set<Pooled>>();
  #now: () => number;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(now: () => number) {
    super({ keepAlive: true });
    this.#now = now;
  }

  /** Called by ClientRequest. */
  addRequest(req: ClientRequest & { onSocket(socket: Socket): void }, options: ClientRequestArgs & ApplicantOption): void {
    const { applicant } = options;
    const idle = this.#takeIdle(applicant.target.key);
    if (idle) this.reused++;
    const socket = idle ?? this.#connect(applicant.target);
    req.onSocket(socket);
    applicant.onConnection(socket, idle !== undefined);
  }

  /** How long the backend said it keeps this connection, in ms. */
  hint(socket: Socket, ms: number): void {
    const state = (socket as Pooled)[STATE];
    if (state) state.hint = ms;
  }

  /** The endpoint is gone: idle connections are closed, busy ones too (`close`) or when they are done (`drain`). */
  retire(key: string, how: 'drain' | 'close'): void {
    for (const socket of this.#idle.get(key) ?? []) socket.destroy();
    this.#idle.delete(key);
    const open = this.#open.get(key);
    if (!open) return;
    this.#retired.add(key);
    if (how === 'close') for (const socket of open) socket.destroy();
  }

  /** The endpoint is there again: connections that are busy may be kept. */
  restore(key: string): void {
    this.#retired.delete(key);
  }

  /** Whether the endpoint is gone while connections to it are open. */
  isRetired(key: string): boolean {
    return this.#retired.has(key);
  }

  /** Closes what is idle, and everything else once it is done. */
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
      // There is an idle one, unless a request is just about to let go of its own: no more are in progress than the quota has.
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
    // node:http listens for errors only while a request is on the socket.
    socket.on('error', () => socket.destroy());
    socket.on('free', () => this.#keep(socket));
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

  /** Makes room for another connection under the same quota. */
  #closeIdleOf(quota: ConnectionQuota): void {
    for (const sockets of this.#idle.values()) {
      const socket = sockets.find((s) => s[STATE]?.quota === quota);
      if (!socket) continue;
      giveBack(socket);
      socket.destroy();
      return;
    }
  }

  #forget(socket: Pooled, key: string): void {
    giveBack(socket);
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

/** It is closed, or as good as that. */
function giveBack(socket: Pooled): void {
  const state = socket[STATE];
  if (state?.quota) state.quota.open--;
  if (state) state.quota = undefined;
}

/** Nothing has come since it became idle; it goes on being read meanwhile. */
function isQuiet(socket: Socket, state: State): boolean {
  return socket.bytesRead === state.bytesRead;
}
