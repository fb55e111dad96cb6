/** A whole TCP connection as one end of a tunnel. */
import type { Socket } from 'node:net';
import { lingeringClose } from './lingering-close.ts';
import type { TunnelEnd, TunnelListener } from '../message/tunnel.ts';

export class SocketTunnelEnd implements TunnelEnd {
  onCut: (() => void) | undefined;
  #socket: Socket;
  #early: readonly Buffer[];
  #paused = false;

  /** @param early bytes that arrived after the head, before `start`. */
  constructor(socket: Socket, early: readonly Buffer[]) {
    this.#socket = socket;
    this.#early = early;
  }

  start(listener: TunnelListener): void {
    const socket = this.#socket;
    // After a side has ended its half, the other one may still answer.
    socket.allowHalfOpen = true;
    socket.on('data', (chunk: Buffer) => listener.onData(chunk));
    socket.on('drain', () => listener.onDrain());
    socket.on('end', () => listener.onEnd());
    socket.on('close', (failed: boolean) => listener.onClose(failed));
    for (const chunk of this.#early) listener.onData(chunk);
    this.#early = [];
    // It was paused, or node:http has detached from it.
    if (!this.#paused) socket.resume();
  }

  write(chunk: Buffer): boolean {
    return this.#socket.write(chunk);
  }
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }
  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }
  end(): void {
    this.#socket.end();
  }
  close(): void {
    lingeringClose(this.#socket);
  }
  reset(): void {
    this.#socket.resetAndDestroy();
  }
  destroy(): void {
    this.#socket.destroy();
  }
  get ended(): boolean {
    return this.#socket.readableEnded;
  }
  get closed(): boolean {
    return this.#socket.destroyed;
  }
  get progress(): number {
    return this.#socket.bytesRead + this.#socket.bytesWritten;
  }
}
