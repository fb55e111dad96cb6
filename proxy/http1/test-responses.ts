/** For tests of the codec: what is read of the bytes of a response, in any pieces. */
import { MALFORMED } from './head-reader.ts';
import { ResponseReader } from './response-reader.ts';
import type { WireResponse } from './wire-response.ts';

export interface Read {
  /** Status, reason phrase, names and values of each head; interim ones first. */
  readonly heads: readonly (readonly [status: number, reason: string, ...fields: string[]])[];
  readonly body: string;
  readonly trailers: readonly string[] | undefined;
  /** `whole`: with bytes after it, if there are any. */
  readonly ended: 'whole' | 'incomplete' | 'malformed';
  /** Why it is malformed. */
  readonly fault: string;
  /** What followed the response. */
  readonly rest: string;
  /** Calls of `onBody`. */
  readonly pieces: number;
}

export const LIMITS = { headBytes: 64 * 1024, fields: 200, chunkExtensions: 16 * 1024 };

/** Pieces are latin1, one character a byte. `closes`: the connection ends after them. */
export function readPieces(pieces: readonly string[], { bodiless = false, closes = false, limits = LIMITS } = {}): Read {
  const reader = new ResponseReader(limits);
  const heads: [number, string, ...string[]][] = [];
  let body = '';
  let count = 0;
  let trailers: readonly string[] | undefined;
  const add = ({ status, reasonPhrase, received }: WireResponse): void =>
    void heads.push([status, reasonPhrase, ...received.list()]);
  const to = {
    onInterim: add,
    onHead: add,
    onBody: (piece: Buffer) => {
      body += piece.toString('latin1');
      count++;
    },
    onEnd: (list: readonly string[]) => void (trailers = list),
  };
  reader.begin(to, bodiless);
  let rest = '';
  let malformed = false;
  for (const piece of pieces) {
    // A copy of each: what was read may be overwritten.
    const bytes = Buffer.from(piece, 'latin1');
    const read: number = malformed ? bytes.length : reader.read(bytes);
    malformed ||= read === MALFORMED;
    if (!malformed) rest += bytes.toString('latin1', read);
  }
  if (closes && !malformed && !reader.over) reader.close();
  const ended = malformed ? 'malformed' : reader.over ? 'whole' : 'incomplete';
  return { heads, body, trailers, ended, fault: reader.fault, rest, pieces: count };
}
