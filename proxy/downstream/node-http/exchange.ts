/** One HTTP/1 request and its response, from the objects of node:http. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http1Response } from './response.ts';
import type { End, Exchange } from '../../message/exchange.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { LocalReply, RefusalReply } from '../../message/local-replies.ts';
import { RequestBody } from '../../message/request-body.ts';
import type { BodySource } from '../../message/request-body.ts';
import type { RequestHead } from '../../message/request-head.ts';
import { allowedTrailers } from '../../message/trailers.ts';

/** The part of the connection that an exchange needs. */
export interface ExchangeConnection {
  /** The request is over. */
  ended(): void;
  /** A local reply was written. */
  answered(): void;
  /** The rest of the request will not be read. */
  refuse(r: RefusalReply): void;
}

/** What an exchange is made from, beside its head. */
export interface ExchangeSettings {
  readonly clientAddress: string;
  readonly requestId: string;
  /** `1.0` or `1.1`. */
  readonly protocolVersion: string;
  /** The connection must close after the response. */
  readonly closes: boolean;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Called when a head is written: whether the listener drains. */
  readonly draining: () => boolean;
  /** Called when the client is gone: whether the listener has closed all connections. */
  readonly closed: () => boolean;
  readonly connection: ExchangeConnection;
  readonly body: { readonly length: number | undefined; readonly awaitsContinue: boolean } | undefined;
}

export class Http1Exchange implements Exchange {
  readonly request: RequestHead;
  readonly body: RequestBody | undefined;
  readonly response: Http1Response;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly protocolVersion: string;
  readonly started: number;
  gone = false;
  drained = false;
  refusal: Promise<End> | undefined;
  #req: IncomingMessage;
  #closes: boolean;
  #draining: () => boolean;
  #connection: ExchangeConnection;
  #onGone: (() => void) | undefined;
  /** Set by a local reply: called when the response is over. */
  #onReplied: ((how: End['how']) => void) | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, head: RequestHead, s: ExchangeSettings) {
    this.request = head;
    this.clientAddress = s.clientAddress;
    this.requestId = s.requestId;
    this.protocolVersion = s.protocolVersion;
    this.started = s.now;
    this.#req = req;
    this.#closes = s.closes;
    this.#draining = s.draining;
    this.#connection = s.connection;
    this.response = new Http1Response(req, res, () => this.#endsConnection());
    this.body = s.body && new RequestBody(bodySource(req, res, s.connection), s.body.length, s.body.awaitsContinue);
    const { socket } = req;
    let sent = false;
    // node:http also emits `finish` when it drops what the client has not taken, as the connection is destroyed.
    res.prependListener('finish', () => (sent = !socket.destroyed));
    // It emits `close` once per response, whether it was sent or the client left.
    res.on('close', () => {
      if (this.#onReplied) this.#onReplied(sent ? 'whole' : 'client-gone');
      else if (sent) this.response.sent();
      if (!sent) {
        this.drained = s.closed();
        this.#leave();
      }
      s.connection.ended();
    });
  }

  /** Sends this reply instead of a response, which is not awaited any more. Only before the response has a head. */
  refuse(r: RefusalReply): void {
    if (this.gone) return;
    this.refusal = this.#send(r, true).then((end) => ({ ...end, instead: r }));
    this.#leave();
  }

  #leave(): void {
    if (this.gone) return;
    this.gone = true;
    this.#onGone?.();
  }

  onGone(listener: (() => void) | undefined): void {
    this.#onGone = listener;
  }

  progress(): number {
    return this.#req.socket.bytesWritten;
  }

  reply(r: LocalReply): Promise<End> {
    if (this.gone) return Promise.resolve({ how: 'client-gone', bytesIn: this.body?.bytes ?? 0, bytesOut: 0 });
    this.onGone(undefined);
    return this.#send(r, this.#endsConnection());
  }

  #send(r: LocalReply, close: boolean): Promise<End> {
    return new Promise((resolve) => {
      this.#onReplied = (how) => resolve({ how, bytesIn: this.body?.bytes ?? 0, bytesOut: this.response.bytes });
      this.response.reply(r, close);
      this.#connection.answered();
    });
  }

  /** Whether the connection closes after this response: the listener drains, or the rest of the request is not read. */
  #endsConnection(): boolean {
    if (this.body !== undefined && !this.body.complete) return true;
    // Whatever follows a request that asked for another protocol may not be HTTP.
    return this.#closes || this.request.protocol !== undefined || this.#draining();
  }
}

function bodySource(req: IncomingMessage, res: ServerResponse, connection: ExchangeConnection): BodySource {
  return {
    start(body) {
      req.on('data', (chunk: Buffer) => body.take(chunk));
      req.on('end', () => body.finish(allowedTrailers(req.rawTrailers)));
    },
    pause: () => void req.pause(),
    resume: () => void req.resume(),
    sendContinue: () => {
      if (!res.headersSent) res.writeContinue();
    },
    refuseStalled: () => connection.refuse(LOCAL_REPLIES.bodyTimeout),
  };
}
