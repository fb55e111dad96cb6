/** One try of one request on one endpoint, up to the response head; relay.ts does the rest. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionUser, PoolAgent } from './agent.ts';
import { startRequest } from './engine.ts';
import { interimFields, readResponse, readUpgrade } from './read-response.ts';
import { Relay } from './relay.ts';
import { Upload } from './upload.ts';
import { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { TimeLimit, TimeLimitListener } from '../attempt-timeouts.ts';
import { continueTimeout } from '../continue-timeout.ts';
import type { Watched } from '../idle-timeout.ts';
import type { AttemptTools } from '../pooled-upstream.ts';
import type { Answer, Attempt, AttemptSpec, Failure, FailureKind, Target } from '../../message/attempt.ts';
import type { End, Exchange } from '../../message/exchange.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { RequestHead } from '../../message/request-head.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import { SocketTunnelEnd } from '../../socket/socket-tunnel-end.ts';

/** An interim response (1xx), as node:http reports it. */
interface InterimResponse {
  readonly statusCode: number;
  /** Names and values, alternating. */
  readonly rawHeaders: readonly string[];
}

/** More interim responses (1xx) than this are a protocol failure. */
const MAX_INTERIM = 32;
/** Handled by the upload. */
const CONTINUE = 100;

export class HttpProxyAttempt implements Attempt, ConnectionUser, TimeLimitListener, Watched {
  readonly answer: Promise<Answer | Failure>;
  readonly target: Target;
  readonly idleTimeout: number;
  idleAt = -1;
  #settle!: (answer: Answer | Failure) => void;
  #x: Exchange;
  #head: RequestHead;
  #spec: AttemptSpec;
  #tools: AttemptTools;
  #agent: PoolAgent;
  #timeouts: AttemptTimeouts;
  #request: ClientRequest | undefined;
  #socket: Socket | undefined;
  #response: IncomingMessage | undefined;
  #relay: Relay | undefined;
  #upload: Upload | undefined;
  /** Set once the backend has switched protocols: its end of the tunnel. */
  #tunnelEnd: SocketTunnelEnd | undefined;
  #reused = false;
  #connected = false;
  #connectStarted = 0;
  #connectMs: number | undefined;
  #over = false;
  #interim = 0;

  constructor(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec, tools: AttemptTools, agent: PoolAgent) {
    this.#x = x;
    this.#head = head;
    this.target = target;
    this.#spec = spec;
    this.#tools = tools;
    this.#agent = agent;
    this.idleTimeout = spec.timeouts.idle;
    this.answer = new Promise((resolve) => (this.#settle = resolve));
    x.onGone(() => this.#onGone());
    this.#timeouts = new AttemptTimeouts(spec, tools.now, this);
    this.#start();
  }

  async commit(head: ResponseHead): Promise<End> {
    // The response was kept while another endpoint was sought, and broke off.
    if (this.#over) {
      const instead = LOCAL_REPLIES.brokenResponse;
      return { ...(await this.#x.reply(instead)), instead };
    }
    if (this.#tunnelEnd) {
      this.#finish();
      return this.#tools.tunnels.open(this.#x, head, this.target, this.#spec.timeouts, this.#tunnelEnd);
    }
    const request = this.#request as ClientRequest;
    const response = this.#response as IncomingMessage;
    this.#x.body?.release();
    // The pause before another try, which could not be made, has replaced this listener.
    this.#x.onGone(() => this.#onGone());
    this.#relay = new Relay(this.#x, request, response, head, () => this.#finish());
    return this.#relay.done;
  }

  discard(): void {
    if (this.#over) return;
    // The connection can be reused after a short response that has already arrived.
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
    this.#timeouts.connecting();
    socket.once('connect', () => {
      if (this.#over) return;
      this.#timeouts.connected();
      this.#connectMs = this.#tools.now() - this.#connectStarted;
      this.#onConnected();
    });
  }

  onTimeLimit(limit: TimeLimit): void {
    if (limit === 'connect') this.#fail('connect', 'no connection in time');
    else if (limit === 'per-try') this.#fail('timeout', 'no response head in time');
    else if (this.#relay) this.#relay.breakOff('deadline');
    else this.#fail('timeout', 'the whole request took too long');
  }

  progress(): number {
    const up = this.#socket;
    return (up ? up.bytesRead + up.bytesWritten : 0) + this.#x.progress();
  }

  onIdle(): void {
    // Who made no progress: the client, in reading or sending, or the backend?
    if (this.#relay) this.#relay.stalled();
    else if (this.#x.body?.awaited === true) this.#x.body.refuseStalled();
    else this.#fail('timeout', 'no progress in time');
  }

  #start(): void {
    let request: ClientRequest;
    try {
      request = startRequest(this.#head, this, this.#agent);
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
    if (this.#x.body)
      this.#upload = new Upload(this.#x.body, request, this.#head, continueTimeout(this.#spec, this.#tools.now()), () =>
        this.#onRequestSent(),
      );
    else request.end();
    if (this.#socket && !this.#socket.connecting) this.#onConnected();
  }

  #onConnected(): void {
    this.#connected = true;
    if (this.#upload) this.#upload.begin();
    else this.#onRequestSent();
  }

  #onRequestSent(): void {
    if (!this.#response && !this.#over && this.#connected) this.#timeouts.requestSent();
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#over) return void response.destroy();
    this.#timeouts.headReceived();
    this.#upload?.answered();
    this.#response = response;
    const read = readResponse(response);
    if (typeof read === 'string') return this.#fail('protocol', read);
    if (read.last) (this.#request as ClientRequest).shouldKeepAlive = false;
    if (read.keepAlive !== Infinity && this.#socket) this.#tools.connections.hint(this.#socket, read.keepAlive);
    // node:http still parses bytes that arrived with the head, and may find an error in them.
    process.nextTick(() => this.#announce(read.head));
  }

  #announce(head: ResponseHead): void {
    if (!this.#over) this.#settle({ ok: true, head, connectMs: this.#connectMs });
  }

  #onUpgrade(response: IncomingMessage, socket: Socket, early: Buffer): void {
    // node:http has detached from the socket, and the tunnel does not have it yet.
    socket.once('close', () => this.#fail('reset', 'closed after 101'));
    const head = readUpgrade(response, this.#head);
    if (this.#over) return void socket.destroy();
    if (typeof head === 'string') {
      socket.destroy();
      return this.#fail('protocol', head);
    }
    this.#timeouts.headReceived();
    this.#tunnelEnd = new SocketTunnelEnd(socket, early.length > 0 ? [early] : []);
    this.#announce(head);
  }

  #onInterim({ statusCode, rawHeaders }: InterimResponse): void {
    if (statusCode === 101) this.#fail('protocol', '101 without Upgrade');
    else if (++this.#interim > MAX_INTERIM) this.#fail('protocol', 'too many interim responses');
    else if (!this.#over && statusCode !== CONTINUE) this.#x.response.interim(statusCode, interimFields(rawHeaders));
  }

  #onError(error: NodeJS.ErrnoException): void {
    // Bytes after a whole response cost the connection, but not the response.
    if (this.#response?.complete === true) return;
    if (this.#relay) return this.#relay.breakOff('upstream-broke');
    if (!this.#connected && !this.#reused) this.#fail('connect', error.code ?? error.message);
    else if (error.code?.startsWith('HPE_') === true) this.#fail('protocol', error.code);
    else this.#fail('reset', error.code ?? error.message);
  }

  #onClose(): void {
    if (this.#over || this.#relay || this.#response || this.#tunnelEnd) return;
    this.#fail(this.#connected || this.#reused ? 'reset' : 'connect', 'closed without a response');
  }

  #onGone(): void {
    if (this.#relay) this.#relay.breakOff('client-gone');
    else this.#fail('client-gone', 'the client left');
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
    this.#tunnelEnd?.destroy();
    // Destroying the request does not reach a socket that is still connecting.
    if (this.#socket && !this.#connected && !this.#reused) this.#socket.destroy();
  }

  /** Stops timers and the idle watch, and detaches from the client's body. */
  #finish(): void {
    this.#over = true;
    this.#timeouts.stop();
    this.#tools.idle.delete(this);
    this.#upload?.stop();
  }
}
