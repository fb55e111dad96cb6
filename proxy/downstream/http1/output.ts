/** Collects what is sent at one time, and writes it as few pieces: a head and a short body leave in one. */
import type { Socket } from 'node:net';

/** Up to this many bytes are copied into one piece; more are written as they are. */
const COPIED = 16 * 1024;

export type Written = (error?: Error | null) => void;

export class Output {
  readonly #socket: Socket;
  #pieces: (string | Buffer)[] = [];
  #bytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Something was collected. */
  get pending(): boolean {
    return this.#bytes > 0;
  }

  /** Collects a piece. Text is latin1. */
  add(piece: string | Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  /**
   * Writes what was collected; false: the client has not read it.
   * @param written called when the connection has taken all of it, or broke.
   */
  send(written?: Written): boolean {
    const socket = this.#socket;
    const pieces = this.#pieces;
    this.#pieces = [];
    if (pieces.length === 1) {
      const [only = ''] = pieces;
      this.#bytes = 0;
      return typeof only === 'string' ? socket.write(only, 'latin1', written) : socket.write(only, written);
    }
    if (this.#bytes <= COPIED) return socket.write(this.#joined(pieces), written);
    this.#bytes = 0;
    socket.cork();
    const last = pieces.length - 1;
    for (const [i, piece] of pieces.entries()) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
      socket.write(bytes, i === last ? written : undefined);
    }
    socket.uncork();
    return !socket.writableNeedDrain;
  }

  #joined(pieces: readonly (string | Buffer)[]): Buffer {
    const whole = Buffer.allocUnsafe(this.#bytes);
    let at = 0;
    for (const piece of pieces) at += typeof piece === 'string' ? whole.write(piece, at, 'latin1') : piece.copy(whole, at);
    this.#bytes = 0;
    return whole;
  }
}
