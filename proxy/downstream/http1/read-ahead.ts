import { PieceList } from '../../message/piece-list.ts';

/** What has arrived on a connection and cannot be read yet: a body that no one reads, or the requests after the one in progress. */
export class ReadAhead {
  bytes = 0;
  #pieces = new PieceList();

  push(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.bytes += chunk.length;
  }

  /** The first piece; undefined: there is none. */
  shift(): Buffer | undefined {
    const piece = this.#pieces.shift();
    if (piece) this.bytes -= piece.length;
    return piece;
  }

  /** Gives a part of the first piece back. */
  unshift(piece: Buffer): void {
    this.#pieces.unshift(piece);
    this.bytes += piece.length;
  }

  /** All of it, which is then no more here. */
  take(): readonly Buffer[] {
    this.bytes = 0;
    return this.#pieces.take();
  }
}
