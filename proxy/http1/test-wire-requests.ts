/** For tests of the codec: what is read of the bytes of requests, in any pieces. */
import { MALFORMED, MORE } from './head-reader.ts';
import { readRequestHead } from './request-head.ts';
import { RequestReader } from './request-reader.ts';
import { DEFAULT_PATH_NORMALIZATION } from '../snapshot/path-normalization.ts';

export interface ReadRequest {
  readonly line: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

export interface ReadRequests {
  /** Those that are whole. */
  readonly requests: readonly ReadRequest[];
  /** Status and text of the refusal after them; undefined: there is none. */
  readonly refusal: readonly [status: number, text: string] | undefined;
  /** The bytes end within a request. */
  readonly incomplete: boolean;
  /** Calls of `onBody`. */
  readonly pieces: number;
}

export const LIMITS = { headBytes: 64 * 1024, fields: 200, chunkExtensions: 16 * 1024 };
const RULES = { viaName: 'me', makeRequestId: () => 'id', pathNormalization: () => DEFAULT_PATH_NORMALIZATION };

class Requests {
  requests: ReadRequest[] = [];
  refusal: readonly [number, string] | undefined;
  pieces = 0;
  /** In a body. */
  within: { line: string; fields: readonly string[] } | undefined;
  reader: RequestReader;
  #body = '';

  constructor(limits: typeof LIMITS) {
    this.reader = new RequestReader(limits);
  }

  onBody(piece: Buffer): void {
    this.#body += piece.toString('latin1');
    this.pieces++;
  }

  /** Returns what is left of the bytes. */
  read(bytes: Buffer): Buffer | undefined {
    const { reader } = this;
    const end = this.within ? reader.readBody(bytes, this) : reader.readHead(bytes, 0);
    if (end === MORE) return undefined;
    if (end === MALFORMED) {
      const { status, text } = this.within ? reader.bodyRefusal : reader.headRefusal;
      this.refusal = [status, text];
      return undefined;
    }
    if (this.within) this.#whole(this.within);
    else this.#begin();
    return this.refusal ? undefined : bytes.subarray(end);
  }

  #begin(): void {
    const { method, target, minor } = this.reader.line;
    const fields = this.reader.takeFields();
    const head = readRequestHead(method, target, minor, fields, RULES);
    const begun = { line: `${method} ${target} 1.${minor}`, fields: fields.list() };
    if (!head.ok) this.refusal = [head.reply.status, head.reply.text];
    else if (head.body === 'none') this.#whole(begun);
    else {
      this.reader.beginBody(head.body);
      if (head.body === 0) this.#whole(begun);
      else this.within = begun;
    }
  }

  #whole(begun: { line: string; fields: readonly string[] }): void {
    this.requests.push({ ...begun, body: this.#body, trailers: this.within ? this.reader.trailers : [] });
    this.#body = '';
    this.within = undefined;
  }
}

/** Pieces are latin1, one character a byte. */
export function readPieces(pieces: readonly string[], limits = LIMITS): ReadRequests {
  const all = new Requests(limits);
  for (const piece of pieces) {
    // A copy of each: what was read may be overwritten.
    let rest: Buffer | undefined = Buffer.from(piece, 'latin1');
    while (rest !== undefined && rest.length > 0 && all.refusal === undefined) rest = all.read(rest);
  }
  const { requests, refusal, pieces: count } = all;
  const incomplete = refusal === undefined && (all.within !== undefined || all.reader.withinHead);
  return { requests, refusal, incomplete, pieces: count };
}
