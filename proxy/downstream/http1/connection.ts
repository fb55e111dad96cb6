/**
 * The requests of one client connection, in turn. node:http hands over every request that it has read, whether the one before is
 * answered or not, and reports what is wrong with a later one at once. Here the next begins when the one before is answered (a
 * client may count on that after a request that is not safe, RFC 9112 §9.3.2), and a refusal has its place in that order.
 *
 * | what comes | what becomes of it |
 * | --- | --- |
 * | a request behind one in progress | waits |
 * | more than MAX_WAITING of them | those before are served, then 503 `overflow` and the end |
 * | what cannot be read | those before are served, then the refusal and the end |
 * | ... in the body of the request in progress | the refusal, or where the response has begun, a cut |
 * | anything after a request that ends the connection | nothing |
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { sendRawReply, sendReply } from './send-reply.ts';
import { tooManyPipelined } from '../../message/local-replies.ts';
import type { Refusal } from '../../message/local-replies.ts';
import { lingeringClose } from '../../socket/lingering-close.ts';

/** Not flow control: node:http parses whatever came in one piece. */
const MAX_WAITING = 64;

interface Turn {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The exchange in progress, as far as the connection needs it. */
export interface Abandonable {
  /** Its client can receive no response any more. */
  leave(): void;
}

export interface ConnectionRules {
  /** Serves one request, and sees to it that `ended` is called. */
  readonly serve: (req: IncomingMessage, res: ServerResponse, c: Connection) => void;
  /** Counts. */
  readonly refused: (r: Refusal) => void;
  /** Without progress in reading an answer that the proxy made itself, ms. */
  readonly unreadTimeout: number;
}

const CONNECTION = Symbol('connection');
interface Claimed extends Socket {
  [CONNECTION]?: Connection;
}

/** Of a socket that was claimed. */
export function connectionOf(socket: Socket): Connection {
  return (socket as Claimed)[CONNECTION] as Connection;
}

export class Connection {
  /** The request in progress, where its head was accepted. */
  exchange: Abandonable | undefined;
  #socket: Socket;
  #rules: ConnectionRules;
  #turn: Turn | undefined;
  #waiting: Turn[] | undefined;
  #refusal: Refusal | undefined;
  /** Bytes came that will not be read. */
  #surplus = false;
  /** No further request is served. */
  #ending = false;

  constructor(socket: Socket, rules: ConnectionRules) {
    this.#socket = socket;
    this.#rules = rules;
    (socket as Claimed)[CONNECTION] = this;
    // How node:http closes after the last response.
    socket.destroySoon = () => this.#close(Object.getPrototypeOf(socket) as Socket);
  }

  /** Nothing is in progress, and another request may come. */
  get idle(): boolean {
    return this.#turn === undefined && this.#refusal === undefined && !this.#ending;
  }

  take(req: IncomingMessage, res: ServerResponse): void {
    if (this.#turn === undefined && !this.#ending) this.#begin({ req, res });
    else if (!this.#ending && this.#refusal === undefined) this.#wait({ req, res });
  }

  /** The request in progress is over, and the connection goes on, unless it was ended. */
  ended(): void {
    this.#turn = undefined;
    this.exchange = undefined;
    if ((this.#waiting === undefined && this.#refusal === undefined) || this.#ending || this.#socket.destroyed) return;
    const next = this.#waiting?.shift();
    if (this.#waiting?.length === 0) this.#waiting = undefined;
    if (next) {
      this.#turn = next;
      if (this.#refusal && !this.#waiting && !next.req.complete) return this.#refuseNow(this.#refusal);
      // A limit for an answer that nobody read ends with it.
      this.#socket.setTimeout(0);
      this.#begin(next);
    } else if (this.#refusal) this.#refuseNow(this.#refusal);
  }

  /** The proxy answered by itself. Nothing else bounds how long the client may take to read it. */
  answered(): void {
    if (this.#socket.writableLength > 0) this.#socket.setTimeout(this.#rules.unreadTimeout);
  }

  /** The request in progress ends the connection. */
  end(): void {
    this.#ending = true;
  }

  /** What came cannot be read, and nothing behind it. */
  refuse(reply: Refusal): void {
    if (this.#ending || this.#refusal) {
      // Our half is closed already: this is the end of the client's, in the middle of something.
      if (this.#socket.writableEnded) this.#socket.destroy();
      return;
    }
    this.#rules.refused(reply);
    this.#refusal = reply;
    this.#socket.pause();
    if (!this.#turn || (!this.#turn.req.complete && !this.#waiting)) this.#refuseNow(reply);
  }

  /** Something follows the request that ends the connection. */
  ignoreRest(): void {
    this.#surplus = true;
    this.#socket.pause();
  }

  #begin(turn: Turn): void {
    this.#turn = turn;
    this.#rules.serve(turn.req, turn.res, this);
  }

  #wait(turn: Turn): void {
    (this.#waiting ??= []).push(turn);
    if (this.#waiting.length <= MAX_WAITING) return;
    this.#waiting.pop();
    this.refuse(tooManyPipelined(MAX_WAITING));
  }

  #refuseNow(reply: Refusal): void {
    this.#ending = true;
    const { res } = this.#turn ?? {};
    if (!res) sendRawReply(this.#socket, reply);
    // Cut off, where the client can see it.
    else if (res.headersSent) this.#socket.destroy();
    else {
      this.exchange?.leave();
      sendReply(res, reply, true);
      this.answered();
    }
  }

  #close(plain: Socket): void {
    const turn = this.#turn;
    this.#ending = true;
    // The client wanted this end, and sent nothing more: no byte can be on its way.
    if (turn?.req.complete === true && !turn.res.shouldKeepAlive && !this.#surplus) plain.destroySoon.call(this.#socket);
    else lingeringClose(this.#socket);
  }
}
