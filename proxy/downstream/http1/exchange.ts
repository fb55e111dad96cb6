/** One HTTP/1 request and its response, on the bytes of a connection. */
import { ClientResponse } from './response.ts';
import type { Answered } from './response.ts';
import type { End, Exchange } from '../../message/exchange.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { LocalReply, RefusalReply } from '../../message/local-replies.ts';
import { RequestBody } from '../../message/request-body.ts';
import type { BodySource } from '../../message/request-body.ts';
import type { RequestHead } from '../../message/request-head.ts';

/** The part of the connection that an exchange needs. */
export interface ExchangeConnection extends Answered {
  /** Whether bytes of the body are read now. */
  readBody(on: boolean): void;
  /** The rest of the request will not be read. */
  refuseBody(r: RefusalReply): void;
  /** A local reply was written. */
  answeredLocally(): void;
}

/** What an exchange is made from, beside its head. */
export interface ExchangeSettings {
  readonly clientAddress: string;
  readonly requestId: string;
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly body: { readonly length: number | undefined; readonly awaitsContinue: boolean } | undefined;
}

export class ClientExchange implements Exchange, BodySource {
  readonly request: RequestHead;
  readonly body: RequestBody | undefined;
  readonly response: ClientResponse;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly protocolVersion: string;
  readonly started: number;
  gone = false;
  drained = false;
  refusal: Promise<End> | undefined;
  #connection: ExchangeConnection;
  #onGone: (() => void) | undefined;
  /** Set by a local reply: called when the response is over. */
  #onReplied: ((how: End['how']) => void) | undefined;

  constructor(connection: ExchangeConnection, head: RequestHead, s: ExchangeSettings) {
    this.request = head;
    this.clientAddress = s.clientAddress;
    this.requestId = s.requestId;
    this.protocolVersion = connection.minor === 1 ? '1.1' : '1.0';
    this.started = s.now;
    this.#connection = connection;
    this.response = new ClientResponse(connection);
    this.body = s.body && new RequestBody(this, s.body.length, s.body.awaitsContinue);
  }

  /** The connection has taken the whole response. */
  sent(): void {
    if (this.#onReplied) this.#onReplied('whole');
    else this.response.sent();
  }

  /** The connection is closed, and the response was not sent. `drained`: this listener has closed it. */
  lost(drained: boolean): void {
    this.#onReplied?.('client-gone');
    this.drained = drained;
    this.#leave();
  }

  /** Sends this reply instead of a response, which is not awaited any more. Only before the response has a head. */
  refuse(r: RefusalReply): void {
    if (this.gone) return;
    this.refusal = this.#send(r, true).then((end) => ({ ...end, instead: r }));
    this.#leave();
  }

  onGone(listener: (() => void) | undefined): void {
    this.#onGone = listener;
  }

  progress(): number {
    return this.#connection.socket.bytesWritten;
  }

  reply(r: LocalReply): Promise<End> {
    if (this.gone) return Promise.resolve({ how: 'client-gone', bytesIn: this.body?.bytes ?? 0, bytesOut: 0 });
    this.onGone(undefined);
    return this.#send(r, this.#connection.closes());
  }

  start(): void {
    this.#connection.readBody(true);
  }

  pause(): void {
    this.#connection.readBody(false);
  }

  resume(): void {
    this.#connection.readBody(true);
  }

  sendContinue(): void {
    if (!this.response.begun) this.#connection.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  refuseStalled(): void {
    this.#connection.refuseBody(LOCAL_REPLIES.bodyTimeout);
  }

  #send(r: LocalReply, close: boolean): Promise<End> {
    return new Promise((resolve) => {
      this.#onReplied = (how) => resolve({ how, bytesIn: this.body?.bytes ?? 0, bytesOut: this.response.bytes });
      this.response.reply(r, close);
      this.#connection.answeredLocally();
    });
  }

  #leave(): void {
    if (this.gone) return;
    this.gone = true;
    this.#onGone?.();
  }
}
