/**
 * The requests of one client connection, in their order. node:http emits every request that it has parsed, whether the previous one
 * is answered or not, and reports an error in a later one at once. Here a request begins when the previous one is answered (a client
 * may rely on that after a request that is not safe, RFC 9112 §9.3.2), and a refusal keeps its place in that order.
 *
 * | input | handling |
 * | --- | --- |
 * | a request after one in progress | waits |
 * | more than MAX_WAITING of them | the waiting ones are served, then 503 `overflow` and close |
 * | malformed bytes | the requests before them are served, then the refusal and close |
 * | ... in the body of the request in progress | the refusal; if the response has begun, the connection is cut |
 * | anything after a request that ends the connection | ignored |
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { sendReply } from './send-reply.ts';
import { plainAddress } from '../forwarded-headers.ts';
import { sendRawReply } from '../raw-reply.ts';
import { tooManyPipelined } from '../../message/local-replies.ts';
import type { RefusalReply } from '../../message/local-replies.ts';
import { lingeringClose } from '../../socket/lingering-close.ts';

/** No backpressure is possible here: node:http parses everything that arrived in one piece. */
const MAX_WAITING = 64;

interface RequestPair {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The part of the exchange in progress that the connection needs. */
export interface Refusable {
  /** Sends this reply instead of a response. */
  refuse(r: RefusalReply): void;
}

export interface ConnectionRules {
  /** Serves one request; must call `ended` when it is over. */
  readonly serve: (req: IncomingMessage, res: ServerResponse, c: Connection) => void;
  /** A refusal was sent outside an exchange. `req`: undefined if no head was read. */
  readonly refused: (r: RefusalReply, bytesOut: number, peer: string, req: IncomingMessage | undefined) => void;
  /** How long a client may take without progress to read a local reply, ms. */
  readonly unreadTimeout: number;
}

const CONNECTION = Symbol('connection');
interface Claimed extends Socket {
  [CONNECTION]?: Connection;
}

/** The connection of a claimed socket. */
export function connectionOf(socket: Socket): Connection {
  return (socket as Claimed)[CONNECTION] as Connection;
}

export class Connection {
  /** The peer's address. */
  readonly peer: string;
  readonly scheme: 'http' | 'https';
  /** The exchange in progress, once its head was accepted. */
  exchange: Refusable | undefined;
  #socket: Socket;
  #rules: ConnectionRules;
  #current: RequestPair | undefined;
  #waiting: RequestPair[] | undefined;
  #refusal: RefusalReply | undefined;
  #refused: IncomingMessage | undefined;
  /** Bytes arrived that will not be read. */
  #surplus = false;
  /** No further request is served. */
  #ending = false;

  constructor(socket: Socket, rules: ConnectionRules) {
    this.peer = plainAddress(socket.remoteAddress);
    this.scheme = 'encrypted' in socket ? 'https' : 'http';
    this.#socket = socket;
    this.#rules = rules;
    (socket as Claimed)[CONNECTION] = this;
    // node:http calls it after the last response.
    socket.destroySoon = () => this.#close(Object.getPrototypeOf(socket) as Socket);
  }

  /** No request is in progress, and another one may come. */
  get idle(): boolean {
    return this.#current === undefined && this.#refusal === undefined && !this.#ending;
  }

  take(req: IncomingMessage, res: ServerResponse): void {
    if (this.#current === undefined && !this.#ending) this.#begin({ req, res });
    else if (!this.#ending && this.#refusal === undefined) this.#wait({ req, res });
  }

  /** The request in progress is over; the next one begins, unless the connection ends. */
  ended(): void {
    this.#current = undefined;
    this.exchange = undefined;
    if ((this.#waiting === undefined && this.#refusal === undefined) || this.#ending || this.#socket.destroyed) return;
    const next = this.#waiting?.shift();
    if (this.#waiting?.length === 0) this.#waiting = undefined;
    if (next) {
      this.#current = next;
      if (this.#refusal && !this.#waiting && !next.req.complete) return this.#refuseNow(this.#refusal);
      // The limit for an unread reply ends with the request.
      this.#socket.setTimeout(0);
      this.#begin(next);
    } else if (this.#refusal) this.#refuseNow(this.#refusal);
  }

  /** A local reply was written. No other limit applies to the time that the client takes to read it. */
  answered(): void {
    if (this.#socket.writableLength > 0) this.#socket.setTimeout(this.#rules.unreadTimeout);
  }

  /** The request in progress ends the connection. */
  end(): void {
    this.#ending = true;
  }

  /** The client has closed its half of the connection within a message. */
  truncated(reply: RefusalReply): void {
    // In a body, it has nearly always left: that is an abandoned upload, and not a bad request.
    if (this.exchange && this.#current?.req.complete === false) this.#socket.destroy();
    else this.refuse(reply);
  }

  /** The bytes that arrived, and all after them, cannot be parsed. `req`: the request that was refused, if its head was read. */
  refuse(reply: RefusalReply, req?: IncomingMessage): void {
    if (this.#ending || this.#refusal) {
      // The proxy's half is closed already: the client has closed its half within a message.
      if (this.#socket.writableEnded) this.#socket.destroy();
      return;
    }
    this.#refusal = reply;
    this.#refused = req;
    this.#socket.pause();
    if (!this.#current || (!this.#current.req.complete && !this.#waiting)) this.#refuseNow(reply);
  }

  /** Bytes follow the request that ends the connection. */
  ignoreRest(): void {
    this.#surplus = true;
    this.#socket.pause();
  }

  #begin(pair: RequestPair): void {
    this.#current = pair;
    this.#rules.serve(pair.req, pair.res, this);
  }

  #wait(pair: RequestPair): void {
    (this.#waiting ??= []).push(pair);
    if (this.#waiting.length <= MAX_WAITING) return;
    this.#waiting.pop();
    this.refuse(tooManyPipelined(MAX_WAITING));
  }

  #refuseNow(reply: RefusalReply): void {
    this.#ending = true;
    const { req = this.#refused, res } = this.#current ?? {};
    let sent: number | undefined;
    if (!res) sent = sendRawReply(this.#socket, reply);
    // Cut, so that the client can see it.
    else if (res.headersSent) this.#socket.destroy();
    else if (this.exchange) this.exchange.refuse(reply);
    else {
      sent = sendReply(res, reply, true);
      this.answered();
    }
    if (sent !== undefined) this.#rules.refused(reply, sent, this.peer, req);
  }

  #close(plain: Socket): void {
    const current = this.#current;
    this.#ending = true;
    // The client asked for this close and sent nothing more: no byte can be in transit.
    if (current?.req.complete === true && !current.res.shouldKeepAlive && !this.#surplus) plain.destroySoon.call(this.#socket);
    else lingeringClose(this.#socket);
  }
}
