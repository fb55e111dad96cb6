/**
 * The bytes of a client connection as requests, one after the other. What cannot be read yet waits: a bounded part of it here, so that the
 * end of the connection is noticed, the rest in the socket.
 */
import type { Socket } from 'node:net';
import { ReadAhead } from './read-ahead.ts';
import { HEAD_BYTES, HEAD_COUNT, MAX_EARLY } from '../http-server-settings.ts';
import type { BodyReceiver } from '../../http1/chunked-decoder.ts';
import { MALFORMED, MORE } from '../../http1/head-reader.ts';
import type { RequestLine } from '../../http1/request-line.ts';
import type { WireFields } from '../../http1/wire-fields.ts';
import { RequestReader } from '../../http1/request-reader.ts';
import type { RefusalReply } from '../../message/local-replies.ts';

export interface InputReceiver extends BodyReceiver {
  /** `waited`: it began to arrive while another request was in progress. */
  onHead(line: RequestLine, fields: WireFields, waited: boolean): void;
  /** A part of a head has arrived. */
  onPartOfHead(): void;
  /** The body is whole. `trailers`: names and values, alternating, as received. */
  onWhole(trailers: readonly string[]): void;
  onMalformedHead(reply: RefusalReply): void;
  onMalformedBody(reply: RefusalReply): void;
}

/** `head`, `body`: what is read next. `whole`: the request was read. `over`: nothing more is read. */
type Reading = 'head' | 'body' | 'whole' | 'over';

const LIMITS = { headBytes: HEAD_BYTES, fields: HEAD_COUNT, chunkExtensions: 16 * 1024 };

export class RequestInput {
  reading: Reading = 'head';
  #socket: Socket;
  #to: InputReceiver;
  #reader = new RequestReader(LIMITS);
  #ahead = new ReadAhead();
  /** What follows the request is no request: it is discarded once the body is whole. */
  discardRest = false;
  #discarded = false;
  #waited = false;
  #bodyWanted = false;
  #pumping = false;

  constructor(socket: Socket, to: InputReceiver) {
    this.#socket = socket;
    this.#to = to;
  }

  /** Nothing of a request has arrived. */
  get idle(): boolean {
    return this.reading === 'head' && !this.#reader.withinHead && this.#ahead.bytes === 0;
  }

  /** Something has arrived after the request that was read. */
  get surplus(): boolean {
    return this.#discarded || this.#ahead.bytes > 0;
  }

  take(chunk: Buffer): void {
    this.#ahead.push(chunk);
    this.#pump();
  }

  /** How the body of the request is framed whose head was read. */
  beginBody(framing: number | 'chunked' | 'none'): void {
    this.#bodyWanted = false;
    this.reading = framing === 'none' || framing === 0 ? 'whole' : 'body';
    if (framing !== 'none' && framing !== 0) this.#reader.beginBody(framing);
  }

  /** Whether the body is read now. */
  readBody(on: boolean): void {
    this.#bodyWanted = on;
    if (on) this.#pump();
  }

  /** Begins with the next request. */
  next(): void {
    this.#waited = this.#ahead.bytes > 0;
    this.reading = 'head';
    // One request a turn: a client with many that wait does not hold up the others.
    if (this.#waited) setImmediate(() => this.#pump());
  }

  /** Reads nothing more. Returns what has arrived. */
  stop(): readonly Buffer[] {
    this.reading = 'over';
    return this.#ahead.take();
  }

  /** Reads what has arrived, as far as it can be read now. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.reading === 'head' || (this.reading === 'body' && this.#bodyWanted)) {
      const chunk = this.#ahead.shift();
      if (!chunk) break;
      const end = this.reading === 'head' ? this.#readHead(chunk) : this.#readBody(chunk);
      if (end >= 0 && end < chunk.length) this.#ahead.unshift(chunk.subarray(end));
    }
    this.#pumping = false;
    if (this.discardRest && this.reading === 'whole' && this.#ahead.bytes > 0) {
      this.#discarded = true;
      this.#ahead.take();
    }
    if (this.#ahead.bytes > MAX_EARLY) this.#socket.pause();
    else if (this.reading !== 'over' && this.#socket.isPaused()) this.#socket.resume();
  }

  #readHead(chunk: Buffer): number {
    const reader = this.#reader;
    const end = reader.readHead(chunk, 0);
    if (end === MALFORMED) this.#to.onMalformedHead(reader.headRefusal);
    else if (end !== MORE) this.#to.onHead(reader.line, reader.takeFields(), this.#waited);
    else if (reader.headBegun) this.#to.onPartOfHead();
    return end;
  }

  #readBody(chunk: Buffer): number {
    const end = this.#reader.readBody(chunk, this.#to);
    if (end === MALFORMED) this.#to.onMalformedBody(this.#reader.bodyRefusal);
    else if (end !== MORE && this.reading === 'body') {
      this.reading = 'whole';
      this.#to.onWhole(this.#reader.trailers);
    }
    return end;
  }
}
