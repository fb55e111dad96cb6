import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admitted, Headers } from '../../http1/request-head.ts';
import { RequestBody } from '../../message/request-body.ts';
import { sendRedirect, sendReply } from '../local-reply.ts';
import type { UpgradeResponse } from './upgrade.ts';
import type { Changes, End, Exchange, Facts, HeaderEdit, LocalReply } from '../../message/exchange.ts';
import { editFields, editList } from '../../message/header-edit.ts';

/** The connection, which serves its requests in turn. */
interface Turns {
  /** The request is over. */
  ended(): void;
  /** The proxy answered by itself. */
  answered(): void;
  /** The request can not be read on. */
  refuse(r: LocalReply): void;
}

const STALLED: LocalReply = { status: 408, reason: 'request-timeout', text: 'the request body did not arrive in time' };

/** What the listener knows about a connection. */
export interface Arrival {
  readonly port: number;
  readonly clientAddress: string;
  /** Asked when a head is written: whether this connection should end with it. */
  readonly closing: () => boolean;
  readonly connection: Turns;
}

const NO_EDIT: HeaderEdit = { dropped: new Set(), added: [] };

/** One HTTP/1 request and its response, as node:http hands them over. */
export class Http1Exchange implements Exchange, Facts {
  readonly started: number;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** What goes upstream; the same for every try. */
  headers: Headers;
  /** Path and query as sent upstream. */
  upstreamTarget: string;
  /** What becomes of a backend's response head. */
  responseEdit: HeaderEdit | undefined;
  readonly requestBody: RequestBody | undefined;
  /** The response, where the client asks for another protocol and may have it. */
  upgrade: UpgradeResponse | undefined;
  /** The client waits for 100 (Continue) before it sends the body. */
  awaitsContinue: boolean;
  gone = false;
  bytesOut = 0;
  /** Set-Cookie values of our own. */
  cookies: string[] | undefined;
  #admitted: Admitted;
  #arrival: Arrival;
  #onGone: (() => void) | undefined;
  #onSent: (() => void) | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, admitted: Admitted, headers: Headers, arrival: Arrival, now: number) {
    this.started = now;
    this.req = req;
    this.res = res;
    this.headers = headers;
    this.upstreamTarget = admitted.target;
    this.requestBody = admitted.body === 'none' ? undefined : new RequestBody(req);
    this.awaitsContinue = admitted.expectContinue;
    this.#admitted = admitted;
    this.#arrival = arrival;
    // The one listener per request: node:http closes a response once, whether it was sent or the client left.
    res.on('close', () => {
      if (res.writableFinished && !this.gone) this.#onSent?.();
      else this.leave();
      arrival.connection.ended();
    });
  }

  /** The client left, or can not have a response any more. */
  leave(): void {
    if (this.gone) return;
    this.gone = true;
    this.#onGone?.();
  }

  /** Nothing comes any more of a request body that is not whole. */
  stalled(): void {
    this.#arrival.connection.refuse(STALLED);
  }

  get facts(): Facts {
    return this;
  }
  get port(): number {
    return this.#arrival.port;
  }
  get clientAddress(): string {
    return this.#arrival.clientAddress;
  }
  get method(): string {
    return this.req.method as string;
  }
  get host(): string {
    return this.#admitted.host;
  }
  get path(): string {
    return this.#admitted.path;
  }
  get target(): string {
    return this.#admitted.target;
  }
  get requestId(): string {
    return this.#admitted.requestId;
  }
  get chunked(): boolean {
    return this.#admitted.body === 'chunked';
  }
  header(name: string): string | undefined {
    const value = this.#admitted.headers[name];
    return typeof value === 'string' ? value : value?.[0];
  }

  addCookie(cookie: string): void {
    (this.cookies ??= []).push(cookie);
  }

  onGone(listener: (() => void) | undefined): void {
    this.#onGone = listener;
  }
  /** Called at most once, when the whole response went to the client's socket. */
  onSent(listener: () => void): void {
    this.#onSent = listener;
  }
  get hasBody(): boolean {
    return this.requestBody !== undefined;
  }
  holdBody(limit: number): void {
    this.requestBody?.hold(limit);
  }
  replayable(): boolean {
    return this.requestBody?.replayable ?? true;
  }

  change({ target, authority, request, response }: Changes): void {
    // The client's own fields stay as they are, for whoever asks for facts.
    if (request !== undefined || authority !== undefined) this.headers = editFields(this.headers, request ?? NO_EDIT);
    if (authority !== undefined) this.headers['host'] = authority;
    if (target !== undefined) this.upstreamTarget = target;
    this.responseEdit = response;
  }

  /** Whether the connection must end with this response: the listener drains, or what the client sends is not read to its end. */
  closing(): boolean {
    if (this.requestBody !== undefined && !this.requestBody.complete) return true;
    return this.upgrade !== undefined || this.#arrival.closing();
  }

  reply(r: LocalReply): Promise<End> {
    return this.#answer(() => sendReply(this.res, r, this.closing()));
  }

  redirect(status: number, location: string): Promise<End> {
    const headers = ['location', location];
    const edited = this.responseEdit ? editList(headers, this.responseEdit) : headers;
    return this.#answer(() => sendRedirect(this.res, status, edited, this.closing()));
  }

  #answer(send: () => void): Promise<End> {
    if (this.gone) return Promise.resolve(this.end('client-gone'));
    return new Promise((resolve) => {
      this.onGone(() => resolve(this.end('client-gone')));
      this.onSent(() => resolve(this.end('whole')));
      send();
      this.#arrival.connection.answered();
    });
  }

  end(how: End['how']): End {
    return { how, bytesIn: this.requestBody?.bytes ?? 0, bytesOut: this.bytesOut };
  }
}
