/**
 * Reads a body in chunks (RFC 9112 §7.1), from bytes that arrive in any pieces. Payload is passed on as parts of what arrived, without a
 * copy; small chunks that arrive together are moved together, so that the receiver gets one piece, and not one for each. Refused: sizes
 * beyond 2^53, anything else than extensions after a size, white space where no extension follows, line ends other than CRLF.
 *
 * `#take` reads any byte of the framing in any state, and is the only one that refuses. Whole small chunks without extensions are read by
 * WholeChunks, at a third of the cost: a peer may send nothing but chunks of one byte.
 */
import { ChunkExtension } from './chunk-extension.ts';
import { HeadReader, MALFORMED, MORE } from './head-reader.ts';
import type { HeadLimits } from './head-reader.ts';
import { CR, HEX, isSpace, LF, SEMICOLON } from './octets.ts';
import { MAX_DIGITS, MOVED, WholeChunks } from './whole-chunks.ts';

/** Receives a body. */
export interface BodyReceiver {
  onBody(piece: Buffer): void;
}

export interface ChunkLimits {
  /** Bytes of all chunk extensions together. */
  readonly extensions: number;
  readonly trailers: HeadLimits;
}

/** What is read next. */
const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILERS = 6;

export class ChunkedDecoder {
  fault = '';
  /** The limit that the body exceeds, where that is its fault. */
  excess: 'extensions' | 'trailers' | undefined;
  /** Names and values, alternating, once the body is whole. */
  trailers: readonly string[] = [];
  #limits: ChunkLimits;
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #extension = new ChunkExtension();
  #extensionBytes = 0;
  #whole = new WholeChunks();
  #trailers: HeadReader;

  constructor(limits: ChunkLimits) {
    this.#limits = limits;
    this.#trailers = new HeadReader(undefined, limits.trailers);
  }

  /** Begins another body. */
  reset(): void {
    this.#state = SIZE;
    this.#size = this.#digits = this.#extensionBytes = 0;
    this.#trailers.reset();
  }

  /**
   * Reads on; returns where in `chunk` the body ends, MORE or MALFORMED. What was read of `chunk` is overwritten in part: only the
   * pieces that the receiver got are left as they were received.
   */
  read(chunk: Buffer, from: number, to: BodyReceiver): number {
    // The piece that is passed on next.
    let begin = from;
    let end = from;
    let at = from;
    while (at < chunk.length && this.#state !== TRAILERS) {
      if (this.#state === SIZE && this.#digits === 0) {
        if (end === begin) begin = end = at;
        this.#whole.read(chunk, at, end);
        ({ at, end } = this.#whole);
        if (at === chunk.length) break;
      }
      if (this.#state === DATA) {
        const size = Math.min(this.#size, chunk.length - at);
        if (end > begin && size > MOVED) {
          to.onBody(chunk.subarray(begin, end));
          begin = end;
        }
        if (end === begin) begin = end = at;
        else if (size === 1) chunk[end] = chunk[at] as number;
        else chunk.copyWithin(end, at, at + size);
        end += size;
        at += size;
        this.#size -= size;
        if (this.#size === 0) this.#state = DATA_CR;
      } else if (!this.#take(chunk[at++] as number)) {
        if (end > begin) to.onBody(chunk.subarray(begin, end));
        return MALFORMED;
      }
    }
    if (end > begin) to.onBody(chunk.subarray(begin, end));
    return this.#state === TRAILERS ? this.#readTrailers(chunk, at) : MORE;
  }

  /** One byte of the framing: whether it is allowed here. */
  #take(byte: number): boolean {
    switch (this.#state) {
      case SIZE:
        return this.#takeSize(byte);
      case EXTENSION:
        if (++this.#extensionBytes > this.#limits.extensions) {
          this.excess = 'extensions';
          return this.#refuse('chunk extensions are too large');
        }
        if (!this.#extension.take(byte)) return this.#refuse('a chunk extension is malformed');
        if (byte === CR) this.#state = SIZE_LF;
        return true;
      case SIZE_LF:
        this.#state = this.#size > 0 ? DATA : TRAILERS;
        this.#digits = 0;
        return byte === LF || this.#refuse('a CR without LF');
      case DATA_CR:
        this.#state = DATA_LF;
        return byte === CR || this.#refuse('a chunk does not end at its size');
      default:
        this.#state = SIZE;
        return byte === LF || this.#refuse('a CR without LF');
    }
  }

  #takeSize(byte: number): boolean {
    const digit = HEX[byte] as number;
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      if (++this.#digits <= MAX_DIGITS && this.#size <= Number.MAX_SAFE_INTEGER) return true;
    } else if (this.#digits > 0 && byte === CR) {
      this.#state = SIZE_LF;
      return true;
    } else if (this.#digits > 0 && (byte === SEMICOLON || isSpace(byte))) {
      // This byte is not counted: the CR after the extensions is.
      this.#extension.begin(byte);
      this.#state = EXTENSION;
      return true;
    }
    return this.#refuse('a chunk size is malformed');
  }

  #readTrailers(chunk: Buffer, from: number): number {
    const end = this.#trailers.read(chunk, from);
    if (end === MALFORMED) {
      this.fault = `trailers: ${this.#trailers.fault}`;
      if (this.#trailers.excess !== undefined) this.excess = 'trailers';
    } else if (end !== MORE) {
      this.trailers = this.#trailers.fields.list();
      this.#trailers.reset();
    }
    return end;
  }

  #refuse(fault: string): false {
    this.fault = fault;
    return false;
  }
}
