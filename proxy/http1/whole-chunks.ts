/**
 * Whole small chunks of a body: digits of a size, CRLF, payload and CRLF, all of which have arrived. Many of them, as senders of tiny
 * chunks write them, are read in local variables. Whatever else follows, malformed or not, is left to ChunkedDecoder.
 */
import { CR, HEX, LF } from './octets.ts';

/** Digits of a size, leading zeros included. */
export const MAX_DIGITS = 16;
/** Larger chunks are a piece of their own. */
export const MOVED = 1024;
/** Fewer bytes than this are moved one by one: a call would cost more. */
const MOVED_BY_CALL = 16;
/** Bytes of the shortest chunk with payload: a digit, CRLF, a byte, CRLF. */
const SHORTEST = 6;

export class WholeChunks {
  /** Where the first chunk begins that was not read. */
  at = 0;
  /** Where the payload ends. */
  end = 0;

  /** Reads on at `at`, where a chunk begins, and moves the payload to `end`, which is not after it. */
  read(chunk: Buffer, at: number, end: number): void {
    const { length } = chunk;
    while (at + SHORTEST <= length) {
      let size = HEX[chunk[at] as number] as number;
      let next = at + 1;
      const most = Math.min(at + MAX_DIGITS, length);
      for (let digit; next < most && (digit = HEX[chunk[next] as number] as number) >= 0; next++) size = size * 16 + digit;
      // It is negative when there is no digit, and then stays so.
      if (size <= 0 || size > MOVED || next + size + 4 > length) break;
      if (chunk[next] !== CR || chunk[next + 1] !== LF) break;
      const from = next + 2;
      const to = from + size;
      if (chunk[to] !== CR || chunk[to + 1] !== LF) break;
      if (size < MOVED_BY_CALL) for (let i = from; i < to; i++) chunk[end++] = chunk[i] as number;
      else {
        chunk.copyWithin(end, from, to);
        end += size;
      }
      at = to + 2;
    }
    this.at = at;
    this.end = end;
  }
}
