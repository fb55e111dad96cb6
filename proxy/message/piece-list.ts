/** Up to this many bytes, pieces are copied together. */
const SMALL = 1024;
const BLOCK = 4096;

/**
 * Bytes that arrive in pieces and are kept. Small pieces are copied together, except a first one: each as a Buffer of its own would take
 * several hundred bytes, and so keep far more memory than a limit on bytes allows.
 */
export class PieceList {
  #pieces: Buffer[] = [];
  /** Holds the last piece, and room for more. */
  #block: Buffer | undefined;
  /** Where the last piece begins and ends in the block. */
  #begin = 0;
  #end = 0;

  /** In their order. The list must not be changed, nor its pieces. */
  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  push(piece: Buffer): void {
    const before = this.#pieces.at(-1);
    if (before === undefined || piece.length > SMALL || (this.#block === undefined && before.length > SMALL)) {
      this.#block = undefined;
      this.#pieces.push(piece);
      return;
    }
    if (this.#block === undefined) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
      this.#begin = 0;
      this.#end = before.copy(this.#block);
    } else if (this.#end + piece.length > BLOCK) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
      this.#begin = this.#end = 0;
      this.#pieces.push(piece);
    }
    this.#end += piece.copy(this.#block, this.#end);
    this.#pieces[this.#pieces.length - 1] = this.#block.subarray(this.#begin, this.#end);
  }

  /** Takes the first piece out; undefined: there is none. */
  shift(): Buffer | undefined {
    const piece = this.#pieces.shift();
    if (this.#pieces.length === 0) this.#block = undefined;
    return piece;
  }

  /** Puts a piece before the others. */
  unshift(piece: Buffer): void {
    this.#pieces.unshift(piece);
  }

  /** Takes all pieces out. */
  take(): readonly Buffer[] {
    const all = this.#pieces;
    this.#pieces = [];
    this.#block = undefined;
    return all;
  }
}
