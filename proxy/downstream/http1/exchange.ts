/** One HTTP/1 request and its response, as node:http hands them over. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http1Response } from './response.ts';
import { sendReply } from './send-reply.ts';
import { UpgradeResponse } from './upgrade.ts';
import type { End, Exchange } from '../../message/exchange.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { LocalReply, Refusal } from '../../message/local-replies.ts';
import { RequestBody } from '../../message/request-body.ts';
import type { BodySource } from '../../message/request-body.ts';
import type { RequestHead } from '../../message/request-head.ts';
import { allowedTrailers } from '../../message/trailers.ts';

/** The connection, which serves its requests in turn. */
export interface RequestTurn {
  /** The request is over. */
  ended(): void;
  /** The proxy answered by itself. */
  answered(): void;
  /** The rest of the request is not read. */
  refuse(r: Refusal): void;
}

/** What a listener knows about a request beside its head. */
export interface Arrival {
  readonly port: number;
  readonly clientAddress: string;
  readonly requestId: string;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Asked when a head is written: whether the listener ends its connections. */
  readonly draining: () => boolean;
  readonly turn: RequestTurn;
  readonly body: { readonly length: number | undefined; readonly awaitsContinue: boolean } | undefined;
}

export class Http1Exchange implements Exchange {
  readonly request: RequestHead;
  readonly body: RequestBody | undefined;
  readonly response: Http1Response;
  readonly port: number;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly started: number;
  gone = false;
  #res: ServerResponse;
  #req: IncomingMessage;
  #draining: () => boolean;
  #turn: RequestTurn;
  #onGone: (() => void) | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, head: RequestHead, a: Arrival) {
    this.request = head;
    this.port = a.port;
    this.clientAddress = a.clientAddress;
    this.requestId = a.requestId;
    this.started = a.now;
    this.#req = req;
    this.#res = res;
    this.#draining = a.draining;
    this.#turn = a.turn;
    this.response = new Http1Response(req, res, () => this.#endsConnection());
    this.body = a.body && new RequestBody(bodySource(req, res, a.turn), a.body.length, a.body.awaitsContinue);
    // The one listener per request: node:http closes a response once, whether it was sent or the client left.
    res.on('close', () => {
      if (res.writableFinished && !this.gone) this.response.sent();
      else this.leave();
      a.turn.ended();
    });
  }

  /** The client left, or can receive no response any more. */
  leave(): void {
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
    if (this.gone) return Promise.resolve(this.#end('client-gone'));
    return new Promise((resolve) => {
      this.onGone(() => resolve(this.#end('client-gone')));
      this.response.listen({ onSent: () => resolve(this.#end('whole')), onDrain: () => undefined });
      sendReply(this.#res, r, this.#endsConnection());
      this.#turn.answered();
    });
  }

  /** Whether the connection ends with this response: the listener drains, or what the client sends is not read to its end. */
  #endsConnection(): boolean {
    if (this.body !== undefined && !this.body.complete) return true;
    return this.#res instanceof UpgradeResponse || this.#draining();
  }

  #end(how: End['how']): End {
    return { how, bytesIn: this.body?.bytes ?? 0, bytesOut: 0 };
  }
}

function bodySource(req: IncomingMessage, res: ServerResponse, turn: RequestTurn): BodySource {
  return {
    start(body) {
      req.on('data', (chunk: Buffer) => body.take(chunk));
      req.on('end', () => body.finish(allowedTrailers(req.rawTrailers)));
    },
    pause: () => void req.pause(),
    resume: () => void req.resume(),
    sendContinue: () => res.writeContinue(),
    refuseStalled: () => turn.refuse(LOCAL_REPLIES.bodyTimeout),
  };
}
