/** Reads the responses of one connection, one after the other, from bytes that arrive in any pieces. */
import { ChunkedDecoder } from './chunked-decoder.ts';
import type { BodyReceiver } from './chunked-decoder.ts';
import { HeadReader, MALFORMED, MORE } from './head-reader.ts';
import { StatusLine } from './status-line.ts';
import { readWireResponse } from './wire-response.ts';
import type { WireResponse } from './wire-response.ts';

/** Receives one response. */
export interface ResponseReceiver extends BodyReceiver {
  /** An interim response (1xx other than 101). */
  onInterim(head: WireResponse): void;
  onHead(head: WireResponse): void;
  /** The response is whole. `trailers`: names and values, alternating, as received. */
  onEnd(trailers: readonly string[]): void;
}

export interface ResponseLimits {
  /** Bytes of a head, and of trailers. */
  readonly headBytes: number;
  /** Fields of a head, and of trailers. */
  readonly fields: number;
  /** Bytes of all chunk extensions of a body. */
  readonly chunkExtensions: number;
}

/** What is read next. `SWITCHED`: after a 101, bytes are no HTTP any more. */
type State = 'head' | 'length' | 'chunked' | 'until-close' | 'over' | 'switched' | 'malformed';

const SWITCHING_PROTOCOLS = 101;
const NO_TRAILERS: readonly string[] = [];

export class ResponseReader {
  /** What is wrong with the response, once `read` has returned MALFORMED. */
  fault = '';
  #line = new StatusLine();
  #head: HeadReader;
  #chunks: ChunkedDecoder;
  #state: State = 'over';
  #to: ResponseReceiver | undefined;
  #bodiless = false;
  /** Bytes of the body that have not arrived. */
  #left = 0;

  constructor({ headBytes: bytes, fields, chunkExtensions: extensions }: ResponseLimits) {
    this.#head = new HeadReader(this.#line, { bytes, fields });
    this.#chunks = new ChunkedDecoder({ extensions, trailers: { bytes, fields } });
  }

  /**
   * Begins a response, after the whole one before it.
   * @param bodiless the request is HEAD: its response has no body.
   */
  begin(to: ResponseReceiver, bodiless: boolean): void {
    this.#to = to;
    this.#bodiless = bodiless;
    this.#state = 'head';
  }

  /** The response is whole, or the connection has switched protocols: what follows is not part of it. */
  get over(): boolean {
    return this.#state === 'over' || this.#state === 'switched';
  }

  /** The response was a 101. */
  get switched(): boolean {
    return this.#state === 'switched';
  }

  /**
   * Reads on; returns how many bytes of `chunk` belong to the response, or MALFORMED. What was read is overwritten in part, as by
   * ChunkedDecoder.
   */
  read(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.over) {
      const next = this.#state === 'head' ? this.#readHead(chunk, at) : this.#readBody(chunk, at);
      if (next === MALFORMED) {
        this.#state = 'malformed';
        return MALFORMED;
      }
      if (next === MORE) return chunk.length;
      at = next;
    }
    return at;
  }

  /** The backend has closed its half of the connection: whether that ends the response as a whole one. */
  close(): boolean {
    if (this.#state !== 'until-close') return false;
    this.#end(NO_TRAILERS);
    return true;
  }

  #readHead(chunk: Buffer, from: number): number {
    const end = this.#head.read(chunk, from);
    if (end === MALFORMED) this.fault = this.#head.fault;
    if (end < 0) return end;
    const head = readWireResponse(this.#line, this.#head.fields, this.#bodiless);
    if (typeof head === 'string') {
      this.fault = head;
      return MALFORMED;
    }
    if (head.status < 200 && head.status !== SWITCHING_PROTOCOLS && !head.persists) {
      this.fault = 'an interim response ends the connection';
      return MALFORMED;
    }
    this.#begun(head);
    return end;
  }

  #begun(head: WireResponse): void {
    const { status, framing } = head;
    if (status < 200 && status !== SWITCHING_PROTOCOLS) return this.#to?.onInterim(head);
    this.#to?.onHead(head);
    if (status === SWITCHING_PROTOCOLS) this.#state = 'switched';
    else if (framing === 0) this.#end(NO_TRAILERS);
    else if (typeof framing === 'number') {
      this.#state = 'length';
      this.#left = framing;
    } else {
      this.#state = framing;
      this.#chunks.reset();
    }
  }

  #readBody(chunk: Buffer, from: number): number {
    const to = this.#to as ResponseReceiver;
    if (this.#state === 'chunked') {
      const end = this.#chunks.read(chunk, from, to);
      if (end === MALFORMED) this.fault = this.#chunks.fault;
      else if (end !== MORE) this.#end(this.#chunks.trailers);
      return end;
    }
    const end = this.#state === 'length' ? Math.min(chunk.length, from + this.#left) : chunk.length;
    to.onBody(from === 0 && end === chunk.length ? chunk : chunk.subarray(from, end));
    this.#left -= end - from;
    if (this.#state === 'length' && this.#left === 0) this.#end(NO_TRAILERS);
    return end;
  }

  #end(trailers: readonly string[]): void {
    this.#state = 'over';
    this.#head.reset();
    const to = this.#to;
    this.#to = undefined;
    to?.onEnd(trailers);
  }
}
