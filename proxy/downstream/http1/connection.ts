/**
 * One client connection: serves its requests, one after the other, and closes it. A request is read when the one before it is answered:
 * a client may rely on that after a request that is not safe (RFC 9112 §9.3.2).
 *
 * | input | handling |
 * | --- | --- |
 * | a malformed head | the refusal, after the responses to the requests before it |
 * | malformed bytes in the body of the request in progress | the refusal; if the response has begun, the connection is cut |
 * | the end of the connection within a head | refused as malformed |
 * | ... while a request is in progress | the client has left; a response that is written whole is still sent |
 * | ... behind more than is read ahead | noticed when the response is written, unless the connection was reset |
 * | anything after a request that ends the connection | discarded |
 */
import type { Socket } from 'node:net';
import { ClientLimit } from './client-limit.ts';
import type { ConnectionHost } from './connection-host.ts';
import { ClientExchange } from './exchange.ts';
import type { ExchangeConnection } from './exchange.ts';
import { Output } from './output.ts';
import type { Written } from './output.ts';
import { RequestInput } from './request-input.ts';
import type { InputReceiver } from './request-input.ts';
import { ClientResponse } from './response.ts';
import { acceptRequest } from '../accept-request.ts';
import { plainAddress } from '../forwarded-headers.ts';
import { maxForwardsReply } from '../max-forwards.ts';
import { readRequestHead } from '../../http1/request-head.ts';
import type { AcceptedHead } from '../../http1/request-head.ts';
import type { RequestLine } from '../../http1/request-line.ts';
import type { WireFields } from '../../http1/wire-fields.ts';
import type { EarlyRequest } from '../../message/early-reply.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { LocalReply, RefusalReply } from '../../message/local-replies.ts';
import { allowedTrailers } from '../../message/trailers.ts';
import type { TunnelEnd } from '../../message/tunnel.ts';
import { lingeringClose } from '../../socket/lingering-close.ts';
import { listenTo, stopReading } from '../../socket/socket-listener.ts';
import type { SocketListener } from '../../socket/socket-listener.ts';
import { SocketTunnelEnd } from '../../socket/socket-tunnel-end.ts';

const NO_BYTES = Buffer.alloc(0);

export class ClientConnection implements ExchangeConnection, InputReceiver, SocketListener {
  readonly socket: Socket;
  readonly output: Output;
  readonly keepAliveLines: string;
  method = '';
  minor = 1;
  protocols: string | undefined;
  #peer: string;
  #scheme: 'http' | 'https';
  #host: ConnectionHost;
  #input: RequestInput;
  #limit: ClientLimit;
  #exchange: ClientExchange | undefined;
  #tunnel: TunnelEnd | undefined;
  /** The client closes the connection after the response. */
  #clientCloses = false;
  /** The proxy does, since what follows may not be HTTP. */
  #lastRequest = false;
  /** The response was written, and the connection has not taken all of it. */
  #flushing = false;
  #closing = false;

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket;
    this.output = new Output(socket);
    this.keepAliveLines = host.keepAliveLines;
    this.#peer = plainAddress(socket.remoteAddress);
    this.#scheme = 'encrypted' in socket ? 'https' : 'http';
    this.#host = host;
    this.#limit = new ClientLimit(host.limits, socket);
    this.#limit.set('head');
    this.#input = new RequestInput(socket, this);
    listenTo(socket, this);
  }

  /** Applies the time limit, and notices a client that has reset its connection. */
  check(now: number): void {
    // While nothing is read, only a write shows that. It is not sent: it has no bytes.
    if (this.#exchange && this.socket.isPaused() && !this.output.pending && this.socket.writableLength === 0)
      this.socket.write(NO_BYTES);
    if (!this.#limit.exceeded(now)) return;
    if (this.#limit.kind === 'head') this.#refuse(LOCAL_REPLIES.headTimeout, undefined);
    else this.socket.destroy();
  }

  closeIfIdle(): void {
    if (this.#input.idle) this.socket.destroy();
  }

  close(): void {
    if (this.#tunnel?.onCut) this.#tunnel.onCut();
    else this.socket.destroy();
  }

  closes(): boolean {
    if (this.#input.reading !== 'whole' || this.#clientCloses || this.#lastRequest) return true;
    return this.#host.draining;
  }

  answered(closes: boolean): Written {
    this.#flushing = true;
    this.#closing = closes;
    return this.#written;
  }

  answeredLocally(): void {
    if (this.socket.writableLength > 0) this.#limit.set('unread');
  }

  readBody(on: boolean): void {
    // A body of no bytes.
    if (on && this.#input.reading === 'whole') this.#exchange?.body?.finish([]);
    else this.#input.readBody(on);
  }

  onBody(piece: Buffer): void {
    this.#exchange?.body?.take(piece);
  }

  refuseBody(reply: RefusalReply): void {
    if (this.#input.reading !== 'body') return;
    this.#input.reading = 'over';
    if (this.#exchange?.response.begun === true) this.socket.destroy();
    else this.#exchange?.refuse(reply);
  }

  openTunnel(head: string): TunnelEnd {
    const { socket } = this;
    this.#exchange = undefined;
    stopReading(socket);
    socket.pause();
    socket.write(head, 'latin1');
    this.#tunnel = new SocketTunnelEnd(socket, this.#input.stop());
    return this.#tunnel;
  }

  onPartOfHead(): void {
    if (this.#limit.kind === 'idle') this.#limit.set('head');
  }

  onWhole(trailers: readonly string[]): void {
    this.#exchange?.body?.finish(allowedTrailers(trailers));
  }

  onMalformedHead(reply: RefusalReply): void {
    this.#refuse(reply, undefined);
  }

  onMalformedBody(reply: RefusalReply): void {
    this.refuseBody(reply);
  }

  onData(chunk: Buffer): void {
    this.#input.take(chunk);
  }

  onDrain(): void {
    this.#exchange?.response.drained();
  }

  onError(): void {
    this.socket.destroy();
  }

  onEnd(): void {
    if (this.#flushing) this.#closing = true;
    else if (this.#input.idle) this.socket.end();
    else if (this.#input.reading === 'head') this.#refuse(LOCAL_REPLIES.notHttp, undefined);
    else if (this.#exchange) this.socket.destroy();
  }

  onClose(): void {
    this.#limit.set('none');
    this.#input.stop();
    const x = this.#exchange;
    this.#exchange = undefined;
    x?.lost(this.#host.closed);
  }

  onHead({ method, target, minor }: RequestLine, fields: WireFields, waited: boolean): void {
    const { settings } = this.#host;
    this.#limit.set('none');
    this.method = method;
    this.minor = minor;
    const read = readRequestHead(method, target, minor, fields, settings);
    const early = { method, target, protocolVersion: minor === 1 ? '1.1' : '1.0' };
    if (!read.ok) return this.#refuse(read.reply, early);
    this.#accept(read, waited);
    if (read.maxForwards === 0) return this.#answer(maxForwardsReply(early), early);
    const received = { method, target, minor, fields, peer: this.#peer, scheme: this.#scheme };
    const { head, clientAddress } = acceptRequest(received, read, this.protocols, settings);
    const { body, requestId, expectContinue: awaitsContinue } = read;
    // The handshake of an upgrade has no body: its Content-Length is 0, if it has one.
    const none = body === 'none' || this.protocols !== undefined;
    const length = typeof body === 'number' ? body : undefined;
    const x = new ClientExchange(this, head, {
      clientAddress,
      requestId,
      now: settings.now(),
      body: none ? undefined : { length, awaitsContinue },
    });
    this.#exchange = x;
    settings.handle(x);
  }

  #accept({ body, persists, closes, protocols }: AcceptedHead, waited: boolean): void {
    this.protocols = waited ? undefined : protocols;
    this.#clientCloses = !persists;
    this.#lastRequest = closes || this.protocols !== undefined;
    // Not before an upgrade: these bytes are the tunnel's.
    this.#input.discardRest = (!persists || closes) && this.protocols === undefined;
    this.#input.beginBody(body);
  }

  /** Refuses a request outside an exchange; the connection closes. `request`: undefined if no head was read. */
  #refuse(reply: RefusalReply, request: EarlyRequest | undefined): void {
    this.#input.reading = 'over';
    if (!this.socket.writable) return void this.socket.destroy();
    if (!request) this.method = '';
    this.#answer(reply, request, reply.reason);
  }

  #answer(reply: LocalReply, request: EarlyRequest | undefined, reason: RefusalReply['reason'] | undefined = undefined): void {
    const response = new ClientResponse(this);
    response.reply(reply, this.closes());
    this.answeredLocally();
    const { status } = reply;
    this.#host.settings.replied({ peer: this.#peer, request, status, reason, bytesOut: response.bytes });
  }

  #written = (error?: Error | null): void => {
    if (error || this.socket.destroyed) return;
    this.#flushing = false;
    this.#limit.set('none');
    const x = this.#exchange;
    this.#exchange = undefined;
    x?.sent();
    if (this.#closing) this.#end();
    else this.#next();
  };

  #next(): void {
    this.#limit.set('idle');
    this.#input.next();
  }

  #end(): void {
    // The client asked for this close and sent nothing more: no byte can be in transit.
    const quiet = this.#input.reading === 'whole' && this.#clientCloses && !this.#input.surplus;
    this.#input.stop();
    if (quiet) this.socket.destroySoon();
    else lingeringClose(this.socket);
  }
}
