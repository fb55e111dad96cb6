/** The response to one request over HTTP/1: framing, Connection, interim responses and trailers are decided only here. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { httpDate } from './http-date.ts';
import type { Output, Written } from './output.ts';
import { renderLocalReply } from '../local-reply.ts';
import { formatChunk, formatFields, formatLastChunk } from '../../http1/format.ts';
import { codingOf, formatResponseHead } from '../../http1/response-framing.ts';
import type { ResponseCoding } from '../../http1/response-framing.ts';
import { ListFields } from '../../message/fields.ts';
import type { Fields } from '../../message/fields.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { LocalReply } from '../../message/local-replies.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { ResponseSink, SinkListener } from '../../message/response-sink.ts';
import type { TunnelEnd } from '../../message/tunnel.ts';

const PHRASE = /^[\t\x20-\x7e]+$/;

/** The request that is answered, and its connection. */
export interface Answered {
  readonly method: string;
  /** Minor version of the client, 0 or 1. */
  readonly minor: number;
  readonly socket: Socket;
  readonly output: Output;
  /** The protocols that the request asks for; undefined: none. */
  readonly protocols: string | undefined;
  /** Lines of a response after which the connection is kept. */
  readonly keepAliveLines: string;
  /** Called when a head is written: whether the connection closes after the response. */
  closes(): boolean;
  /** The response is over: whether the connection closes after it. */
  answered(closes: boolean): Written;
  openTunnel(head: string): TunnelEnd;
}

export class ClientResponse implements ResponseSink {
  bytes = 0;
  /** A final head was written. */
  begun = false;
  #to: Answered;
  #listener: SinkListener | undefined;
  #coding: ResponseCoding = 'none';
  #closes = false;
  #ended = false;

  constructor(to: Answered) {
    this.#to = to;
  }

  listen(listener: SinkListener): void {
    this.#listener = listener;
  }

  /** More can be written. */
  drained(): void {
    this.#listener?.onDrain();
  }

  /** The whole response has been written to the client's connection. */
  sent(): void {
    this.#listener?.onSent();
  }

  /** HTTP/1.0 has no interim responses. */
  interim(status: number, fields: Fields): void {
    if (this.begun || this.#to.minor === 0 || this.blocked) return;
    // It has no body, so no length (RFC 9110 §8.6).
    const lines = formatFields(fields, 'content-length');
    if (lines !== undefined) this.#to.socket.write(`HTTP/1.1 ${status} ${standardPhrase(status)}\r\n${lines}\r\n`, 'latin1');
  }

  head({ status, reasonPhrase, fields, hasLength, trailer }: ResponseHead): boolean {
    const phrase = reasonPhrase !== undefined && PHRASE.test(reasonPhrase) ? reasonPhrase : standardPhrase(status);
    const hasDate = fields.get('date') !== undefined;
    if (this.#begin(status, phrase, fields, hasLength, trailer, hasDate, this.#to.closes())) return true;
    this.reply(LOCAL_REPLIES.malformedResponseHead, true);
    return false;
  }

  /** A local reply, once, instead of a head and a body. `close`: the connection closes after it. */
  reply(r: LocalReply, close: boolean): void {
    const { fields, body } = renderLocalReply(r);
    this.#begin(r.status, standardPhrase(r.status), new ListFields(fields), true, undefined, false, close);
    this.end(body, []);
  }

  /** False: HTTP/1 cannot carry a field. */
  #begin(
    status: number,
    reasonPhrase: string,
    fields: Fields,
    hasLength: boolean,
    trailer: string | undefined,
    hasDate: boolean,
    close: boolean,
  ): boolean {
    const { method, minor, output, keepAliveLines } = this.#to;
    const coding = codingOf(status, method, minor, hasLength);
    const closes = close || coding === 'close';
    const date = hasDate ? '' : `Date: ${httpDate()}\r\n`;
    const lines = date + (closes ? 'Connection: close\r\n' : keepAliveLines);
    const head = formatResponseHead({ status, reasonPhrase, fields, coding, trailer, lines });
    if (head === undefined) return false;
    this.#coding = coding;
    this.#closes = closes;
    this.begun = true;
    output.add(head);
    return true;
  }

  flush(): void {
    if (this.#to.output.pending) this.#to.output.send();
  }

  write(chunk: Buffer): boolean {
    if (this.#coding === 'none' || chunk.length === 0) return true;
    this.#add(chunk);
    return this.#to.output.send();
  }

  end(last: Buffer | undefined, trailers: readonly string[]): void {
    if (this.#ended) return;
    this.#ended = true;
    const { output } = this.#to;
    if (last && last.length > 0 && this.#coding !== 'none') this.#add(last);
    if (this.#coding === 'chunked') output.add(formatLastChunk(trailers));
    output.send(this.#to.answered(this.#closes));
  }

  #add(payload: Buffer): void {
    const { output } = this.#to;
    this.bytes += payload.length;
    if (this.#coding === 'chunked') for (const piece of formatChunk(payload)) output.add(piece);
    else output.add(payload);
  }

  abort(): void {
    // A body that lasts until the connection closes: only a reset shows that it is not whole.
    if (this.#coding === 'close') this.#to.socket.resetAndDestroy();
    else this.#to.socket.destroy();
  }

  get blocked(): boolean {
    return this.#to.socket.writableNeedDrain;
  }

  openTunnel({ status, fields, protocol = this.#to.protocols }: ResponseHead): TunnelEnd {
    const lines = `Connection: Upgrade\r\nUpgrade: ${protocol ?? ''}\r\n${formatFields(fields) ?? ''}`;
    return this.#to.openTunnel(`HTTP/1.1 ${status} Switching Protocols\r\n${lines}\r\n`);
  }
}

function standardPhrase(status: number): string {
  return STATUS_CODES[status] ?? 'Unknown';
}
