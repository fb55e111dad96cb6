/** The way of a response from backend to client, once it is committed. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Http1Exchange } from '../../downstream/http1/exchange.ts';
import { sendReply } from '../../downstream/local-reply.ts';
import { trailersToSend } from '../../message/trailers.ts';
import type { End } from '../../message/exchange.ts';
import { editList } from '../../message/header-edit.ts';
import type { ResponseHead } from '../../http1/response-head.ts';

export class Relay {
  readonly done: Promise<End>;
  #resolve!: (end: End) => void;
  #x: Http1Exchange;
  #request: ClientRequest;
  #response: IncomingMessage;
  #head: ResponseHead;
  #finished: () => void;
  #over = false;

  /** `finished` is called once, when the exchange has ended in any way. */
  constructor(x: Http1Exchange, request: ClientRequest, response: IncomingMessage, head: ResponseHead, finished: () => void) {
    this.#x = x;
    this.#request = request;
    this.#response = response;
    this.#head = head;
    this.#finished = finished;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
    x.onSent(() => this.#end('whole'));
    if (x.gone) this.breakOff('client-gone');
    else if (this.#writeHead()) this.#startBody();
  }

  /** Nothing moves any more. */
  stalled(): void {
    const unread = this.#response.complete || this.#x.res.writableNeedDrain;
    this.breakOff(unread ? 'client-gone' : 'upstream-broke');
  }

  /** Ends the exchange before its time. What the client has so far is cut off where it can see it: the connection closes. */
  breakOff(how: End['how']): void {
    if (this.#over) return;
    this.#end(how);
    this.#request.destroy();
    const { req, res } = this.#x;
    // A body that lasts until the connection closes: only a reset tells that this is not its end.
    if (req.httpVersionMinor === 0 && !this.#head.hasLength) res.socket?.resetAndDestroy();
    else res.destroy();
  }

  #writeHead(): boolean {
    const { res } = this.#x;
    const { trailer, hasLength } = this.#head;
    const edit = this.#x.responseEdit;
    let headers = edit ? editList(this.#head.headers, edit) : this.#head.headers;
    for (const cookie of this.#x.cookies ?? []) headers.push('set-cookie', cookie);
    if (this.#x.closing()) headers.push('connection', 'close');
    const status = this.#response.statusCode as number;
    // RFC 9110 §8.6: it would say how long a body is that can not be there.
    if (status === 204 && hasLength) headers = editList(headers, { dropped: new Set(['content-length']), added: [] });
    const chunked =
      !hasLength && this.#x.req.httpVersionMinor > 0 && this.#x.method !== 'HEAD' && status !== 204 && status !== 304;
    // node:http refuses to announce trailers where it will not send chunks.
    if (trailer !== undefined && chunked) headers.push('trailer', trailer, 'transfer-encoding', 'chunked');
    try {
      this.#writeStatus(status, this.#response.statusMessage, headers);
      return true;
    } catch {
      // A header value that node:http would not let through.
      this.#request.destroy();
      sendReply(res, { status: 502, reason: 'protocol', text: 'the backend sent a malformed response head' }, true);
      return false;
    }
  }

  #writeStatus(status: number, message: string | undefined, headers: string[]): void {
    const { res } = this.#x;
    // Reason phrases are free text that node:http checks by throwing; the standard one always passes.
    if (message !== undefined && /^[\t\x20-\x7e]+$/.test(message)) res.writeHead(status, message, headers);
    else res.writeHead(status, headers);
  }

  #startBody(): void {
    const response = this.#response;
    const { res } = this.#x;
    // A short response is here already: one write, no listeners.
    const first = response.read() as Buffer | null;
    if (response.complete && response.readableLength === 0 && response.rawTrailers.length === 0) {
      if (first) this.#x.bytesOut += first.length;
      res.end(first ?? undefined);
      response.resume();
      return;
    }
    if (first) this.#forward(first);
    else res.flushHeaders();
    response.on('data', (chunk: Buffer) => this.#forward(chunk));
    response.on('end', () => this.#whole());
    response.on('error', () => this.breakOff('upstream-broke'));
    response.on('close', () => {
      if (!response.complete) this.breakOff('upstream-broke');
    });
    res.on('drain', () => response.resume());
  }

  #forward(chunk: Buffer): void {
    this.#x.bytesOut += chunk.length;
    if (!this.#x.res.write(chunk)) this.#response.pause();
  }

  #whole(): void {
    if (this.#over) return;
    const { res } = this.#x;
    const trailers = this.#response.rawTrailers;
    // Without chunks there is no place for them, and node:http leaves them out by itself.
    if (trailers.length > 0) res.addTrailers(trailersToSend(trailers));
    res.end();
  }

  #end(how: End['how']): void {
    if (this.#over) return;
    this.#over = true;
    this.#finished();
    // Answered before the upload was done: its connection is in the middle of a request, and of no more use.
    if (!this.#request.writableEnded) this.#request.destroy();
    this.#resolve(this.#x.end(how));
  }
}
