/** One try of one request on one endpoint, up to the response head. What follows it is relay.ts. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionUser, PoolAgent } from './agent.ts';
import { startRequest } from './engine.ts';
import { readResponse, readUpgrade } from './read-response.ts';
import { Relay } from './relay.ts';
import { Upload } from './upload.ts';
import type { ConnectionPool } from '../connection-pool.ts';
import type { IdleWatch, Watched } from '../idle-timeout.ts';
import type { Tunnels } from '../tunnel.ts';
import type { Answer, Attempt, AttemptSpec, Failure, FailureKind, Target } from '../../message/attempt.ts';
import type { End, Exchange } from '../../message/exchange.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { RequestHead } from '../../message/request-head.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import { SocketTunnelEnd } from '../../socket/socket-tunnel-end.ts';

/** What all attempts share. */
export interface AttemptTools {
  readonly connections: ConnectionPool;
  readonly agent: PoolAgent;
  readonly idle: IdleWatch;
  readonly tunnels: Tunnels;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** An interim response (1xx), as node:http reports it. */
interface InterimResponse {
  readonly statusCode: number;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
}

/** A connection on which the backend has switched protocols. */
interface UpgradedConnection {
  readonly socket: Socket;
  readonly end: SocketTunnelEnd;
}

/** A backend that sends more interim responses (1xx) than this is not served. */
const MAX_INTERIM = 32;

export class HttpProxyAttempt implements Attempt, ConnectionUser, Watched {
  readonly answer: Promise<Answer | Failure>;
  readonly target: Target;
  readonly idleTimeout: number;
  idleAt = -1;
  #settle!: (answer: Answer | Failure) => void;
  #x: Exchange;
  #head: RequestHead;
  #spec: AttemptSpec;
  #tools: AttemptTools;
  #request: ClientRequest | undefined;
  #socket: Socket | undefined;
  #response: IncomingMessage | undefined;
  #relay: Relay | undefined;
  #upload: Upload | undefined;
  /** The backend speaks another protocol from now on. */
  #upgraded: UpgradedConnection | undefined;
  #reused = false;
  #connected = false;
  #connectStarted = 0;
  #connectMs: number | undefined;
  /** Connect or per-try limit, whichever runs. */
  #timer: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #over = false;
  #interim = 0;

  constructor(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec, tools: AttemptTools) {
    this.#x = x;
    this.#head = head;
    this.target = target;
    this.#spec = spec;
    this.#tools = tools;
    this.idleTimeout = spec.timeouts.idle;
    this.answer = new Promise((resolve) => (this.#settle = resolve));
    x.onGone(() => this.#onGone());
    if (spec.deadline !== Infinity) {
      this.#deadline = setTimeout(() => this.#onDeadline(), Math.max(0, spec.deadline - tools.now()));
    }
    this.#start();
  }

  async commit(head: ResponseHead): Promise<End> {
    // The response was kept for want of another try, and broke off meanwhile.
    if (this.#over) {
      const end = await this.#x.reply(LOCAL_REPLIES.brokenResponse);
      return end.how === 'whole' ? { ...end, how: 'upstream-broke' } : end;
    }
    if (this.#upgraded) {
      this.#finish();
      return this.#tools.tunnels.open(this.#x, head, this.target, this.#spec.timeouts, this.#upgraded.end);
    }
    const request = this.#request as ClientRequest;
    const response = this.#response as IncomingMessage;
    this.#x.body?.release();
    // A pause before another try that could not be made has listened meanwhile.
    this.#x.onGone(() => this.#onGone());
    this.#relay = new Relay(this.#x, request, response, head, () => this.#finish());
    return this.#relay.done;
  }

  discard(): void {
    if (this.#over) return;
    // A short response that has arrived already need not cost the connection.
    if (this.#response?.complete === true && this.#relay === undefined && this.#request?.writableEnded === true) {
      this.#response.resume();
      this.#finish();
    } else this.#destroy();
    this.#settle(this.#failure('client-gone', 'discarded'));
  }

  onConnection(socket: Socket, reused: boolean): void {
    this.#socket = socket;
    this.#reused = reused;
    if (!socket.connecting) return;
    this.#connectStarted = this.#tools.now();
    this.#timer = setTimeout(() => this.#fail('connect', 'no connection in time'), this.#spec.timeouts.connect);
    socket.once('connect', () => {
      if (this.#over) return;
      clearTimeout(this.#timer);
      this.#connectMs = this.#tools.now() - this.#connectStarted;
      this.#onConnected();
    });
  }

  progress(): number {
    const up = this.#socket;
    return (up ? up.bytesRead + up.bytesWritten : 0) + this.#x.progress();
  }

  onIdle(): void {
    // Whose turn was it: the client's to read or to send on, or the backend's?
    if (this.#relay) this.#relay.stalled();
    else if (this.#x.body?.awaited === true) this.#x.body.refuseStalled();
    else this.#fail('timeout', 'no progress in time');
  }

  #start(): void {
    let request: ClientRequest;
    try {
      request = startRequest(this.#head, this, this.#tools.agent);
    } catch (error) {
      this.#fail('connect', String(error));
      return;
    }
    this.#request = request;
    request.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    request.on('close', () => this.#onClose());
    request.on('response', (response: IncomingMessage) => this.#onResponse(response));
    request.on('upgrade', (response: IncomingMessage, socket: Socket, early: Buffer) => this.#onUpgrade(response, socket, early));
    request.on('information', (info: InterimResponse) => this.#onInterim(info));
    this.#tools.idle.add(this);
    if (this.#x.body) this.#upload = new Upload(this.#x.body, request, () => this.#waitForHead());
    else request.end();
    if (this.#socket && !this.#socket.connecting) this.#onConnected();
  }

  #onConnected(): void {
    this.#connected = true;
    if (this.#upload) this.#upload.begin();
    else this.#waitForHead();
  }

  #waitForHead(): void {
    if (this.#spec.perTryTimeout <= 0 || this.#response || this.#over || !this.#connected) return;
    this.#timer = setTimeout(() => this.#fail('timeout', 'no response head in time'), this.#spec.perTryTimeout);
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#over) return void response.destroy();
    clearTimeout(this.#timer);
    this.#upload?.answered();
    this.#response = response;
    const read = readResponse(response);
    if (typeof read === 'string') return this.#fail('protocol', read);
    if (read.last) (this.#request as ClientRequest).shouldKeepAlive = false;
    if (read.keepAlive !== Infinity && this.#socket) this.#tools.connections.hint(this.#socket, read.keepAlive);
    // What came with the head is being read: only then is it known whether that breaks the response.
    process.nextTick(() => this.#announce(read.head));
  }

  #announce(head: ResponseHead): void {
    if (!this.#over) this.#settle({ ok: true, head, connectMs: this.#connectMs });
  }

  #onUpgrade(response: IncomingMessage, socket: Socket, early: Buffer): void {
    // node:http has let go of it, and the tunnel does not have it yet.
    socket.once('close', () => this.#fail('reset', 'closed after 101'));
    const head = readUpgrade(response, this.#head.protocol);
    if (this.#over) return void socket.destroy();
    if (typeof head === 'string') {
      socket.destroy();
      return this.#fail('protocol', head);
    }
    clearTimeout(this.#timer);
    this.#upgraded = { socket, end: new SocketTunnelEnd(socket, early.length > 0 ? [early] : []) };
    this.#announce(head);
  }

  #onInterim({ statusCode, rawHeaders }: InterimResponse): void {
    if (statusCode === 101) this.#fail('protocol', '101 without Upgrade');
    else if (++this.#interim > MAX_INTERIM) this.#fail('protocol', 'too many interim responses');
    else if (!this.#over) this.#x.response.interim(statusCode, rawHeaders);
  }

  #onError(error: NodeJS.ErrnoException): void {
    // Whatever follows a response that is whole costs the connection, nothing else.
    if (this.#response?.complete === true) return;
    if (this.#relay) return this.#relay.breakOff('upstream-broke');
    if (!this.#connected && !this.#reused) this.#fail('connect', error.code ?? error.message);
    else if (error.code?.startsWith('HPE_') === true) this.#fail('protocol', error.code);
    else this.#fail('reset', error.code ?? error.message);
  }

  #onClose(): void {
    if (this.#over || this.#relay || this.#response || this.#upgraded) return;
    this.#fail(this.#connected || this.#reused ? 'reset' : 'connect', 'closed without a response');
  }

  #onGone(): void {
    if (this.#relay) this.#relay.breakOff('client-gone');
    else this.#fail('client-gone', 'the client left');
  }

  #onDeadline(): void {
    if (this.#relay) this.#relay.breakOff('deadline');
    else this.#fail('timeout', 'the whole request took too long');
  }

  #fail(kind: FailureKind, detail: string): void {
    if (this.#over) return;
    this.#destroy();
    this.#settle(this.#failure(kind, detail));
  }

  #failure(kind: FailureKind, detail: string): Failure {
    return { ok: false, kind, sent: this.#connected || this.#reused ? 'maybe' : 'none', detail };
  }

  #destroy(): void {
    this.#finish();
    this.#request?.destroy();
    this.#upgraded?.socket.destroy();
    // A connect that is under way would go on: destroying the request alone does not reach a socket it was only just given.
    if (this.#socket && !this.#connected && !this.#reused) this.#socket.destroy();
  }

  /** No timer, no place in the sweep, no claim on the client's body. */
  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    this.#tools.idle.delete(this);
    this.#upload?.stop();
  }
}
