/**
 * Reads the requests of one connection from bytes that arrive in any pieces: a head, then as much of its body as the caller asks for.
 * The caller keeps what it does not read yet.
 */
import { ChunkedDecoder } from './chunked-decoder.ts';
import type { BodyReceiver } from './chunked-decoder.ts';
import { HeadReader, MALFORMED, MORE } from './head-reader.ts';
import { CR, LF } from './octets.ts';
import { RequestLine } from './request-line.ts';
import type { WireFields } from './wire-fields.ts';
import { badRequest, LOCAL_REPLIES, tooManyFields } from '../message/local-replies.ts';
import type { RefusalReply } from '../message/local-replies.ts';

export interface RequestLimits {
  /** Bytes of a head, and of trailers. */
  readonly headBytes: number;
  /** Fields of a head, and of trailers. */
  readonly fields: number;
  /** Bytes of all chunk extensions of a body. */
  readonly chunkExtensions: number;
}

const NO_TRAILERS: readonly string[] = [];

/** Before a head: nothing, or the CR of an empty line; within one. */
type HeadState = 'none' | 'cr' | 'begun';

export class RequestReader {
  /** Of the last whole head. */
  readonly line = new RequestLine();
  /** Of the last whole body: names and values, alternating, as received. */
  trailers: readonly string[] = NO_TRAILERS;
  #limits: RequestLimits;
  #head: HeadReader;
  #chunks: ChunkedDecoder | undefined;
  #state: HeadState = 'none';
  /** Bytes of a body with a length that have not arrived. */
  #left = 0;
  #chunked = false;

  constructor(limits: RequestLimits) {
    const { headBytes: bytes, fields } = limits;
    this.#limits = limits;
    this.#head = new HeadReader(this.line, { bytes, fields });
  }

  /** Those of the last whole head, once: the reader does not keep its bytes. */
  takeFields(): WireFields {
    const { fields } = this.#head;
    this.#head.reset();
    return fields;
  }

  /** A part of a head has arrived, or of an empty line before it. */
  get withinHead(): boolean {
    return this.#state !== 'none';
  }

  /** A part of the head itself has arrived. */
  get headBegun(): boolean {
    return this.#state === 'begun';
  }

  /** Reads on; returns where in `chunk` the head ends, MORE or MALFORMED. Empty lines before it are ignored (RFC 9112 §2.2). */
  readHead(chunk: Buffer, from: number): number {
    let at = from;
    for (; this.#state !== 'begun' && at < chunk.length; at++) {
      const expected = this.#state === 'cr' ? LF : CR;
      if (chunk[at] === expected) this.#state = this.#state === 'cr' ? 'none' : 'cr';
      else if (this.#state === 'cr') return MALFORMED;
      else {
        this.#state = 'begun';
        break;
      }
    }
    if (this.#state !== 'begun') return MORE;
    const end = this.#head.read(chunk, at);
    if (end >= 0) this.#state = 'none';
    return end;
  }

  /** Begins a body, after its head. */
  beginBody(framing: number | 'chunked'): void {
    this.trailers = NO_TRAILERS;
    this.#chunked = framing === 'chunked';
    this.#left = framing === 'chunked' ? 0 : framing;
    const { headBytes: bytes, fields, chunkExtensions: extensions } = this.#limits;
    if (this.#chunked && this.#chunks) this.#chunks.reset();
    else if (this.#chunked) this.#chunks = new ChunkedDecoder({ extensions, trailers: { bytes, fields } });
  }

  /** Reads on; returns where in `chunk` the body ends, MORE or MALFORMED. What was read is overwritten in part, as by ChunkedDecoder. */
  readBody(chunk: Buffer, to: BodyReceiver): number {
    if (this.#chunked) {
      const chunks = this.#chunks as ChunkedDecoder;
      const end = chunks.read(chunk, 0, to);
      if (end >= 0) this.trailers = chunks.trailers;
      return end;
    }
    const end = Math.min(chunk.length, this.#left);
    this.#left -= end;
    if (end > 0) to.onBody(end === chunk.length ? chunk : chunk.subarray(0, end));
    return this.#left === 0 ? end : MORE;
  }

  /** The reply to a head that is malformed. */
  get headRefusal(): RefusalReply {
    if (this.#head.excess === 'bytes') return LOCAL_REPLIES.headTooLarge;
    if (this.#head.excess === 'fields') return tooManyFields(this.#limits.fields);
    return this.line.otherVersion ? LOCAL_REPLIES.httpVersion : LOCAL_REPLIES.notHttp;
  }

  /** The reply to a body that is malformed. */
  get bodyRefusal(): RefusalReply {
    const { excess, fault = '' } = this.#chunks ?? {};
    if (excess === 'extensions') return LOCAL_REPLIES.chunkExtensions;
    return excess === 'trailers' ? LOCAL_REPLIES.headTooLarge : badRequest(`the request body is malformed: ${fault}`);
  }
}
