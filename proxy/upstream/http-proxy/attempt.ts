/** One try of one request on one endpoint, up to the response head. What follows it is relay.ts. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Http1Exchange } from '../../downstream/http1/exchange.ts';
import type { Attempt, AttemptSpec, End, Failure, FailureKind, Head, LocalReply, Target } from '../../message/exchange.ts';
import type { Applicant, Connections } from '../connection-pool.ts';
import { startRequest } from './engine.ts';
import { readHandshake } from '../../http1/upgrade-response.ts';
import type { IdleWatch, Watched } from '../idle-timeout.ts';
import { relayInformation } from '../../downstream/http1/early-hints.ts';
import type { Information } from '../../downstream/http1/early-hints.ts';
import { Relay } from './relay.ts';
import { readResponseHead } from '../../http1/response-head.ts';
import type { ResponseHead } from '../../http1/response-head.ts';
import type { Switched, Tunnels } from '../tunnel.ts';
import { Upload } from './upload.ts';

export interface Machinery {
  readonly connections: Connections;
  readonly idle: IdleWatch;
  readonly tunnels: Tunnels;
  readonly now: () => number;
}

/** More interim responses (1xx) than this are no courtesy any more. */
const MAX_INTERIM = 32;
const BROKEN: LocalReply = { status: 502, reason: 'protocol', text: 'the response of the backend broke off' };

export class HttpAttempt implements Attempt, Applicant, Watched {
  readonly head: Promise<Head | Failure>;
  readonly target: Target;
  readonly idleTimeout: number;
  idleAt = -1;
  #settle!: (head: Head | Failure) => void;
  #x: Http1Exchange;
  #spec: AttemptSpec;
  #m: Machinery;
  #request: ClientRequest | undefined;
  #socket: Socket | undefined;
  #response: IncomingMessage | undefined;
  #responseHead: ResponseHead | undefined;
  #relay: Relay | undefined;
  #upload: Upload | undefined;
  /** The backend speaks another protocol from now on. */
  #switched: Switched | undefined;
  #reused = false;
  #connected = false;
  #connectStarted = 0;
  #connectMs: number | undefined;
  /** Connect or per-try limit, whichever runs. */
  #timer: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #over = false;
  #interim = 0;

  constructor(x: Http1Exchange, target: Target, spec: AttemptSpec, m: Machinery) {
    this.#x = x;
    this.target = target;
    this.#spec = spec;
    this.#m = m;
    this.idleTimeout = spec.timeouts.idle;
    this.head = new Promise((resolve) => (this.#settle = resolve));
    x.onGone(() => this.#onGone());
    if (spec.deadline !== Infinity) {
      this.#deadline = setTimeout(() => this.#onDeadline(), Math.max(0, spec.deadline - m.now()));
    }
    this.#start();
  }

  commit(): Promise<End> {
    // The response was kept for want of another try, and broke off meanwhile.
    if (this.#over) return this.#x.reply(BROKEN).then((end) => (end.how === 'whole' ? { ...end, how: 'upstream-broke' } : end));
    if (this.#switched) return this.#openTunnel(this.#switched);
    const request = this.#request as ClientRequest;
    const response = this.#response as IncomingMessage;
    this.#x.requestBody?.release();
    // A pause before another try that could not be made has listened meanwhile.
    this.#x.onGone(() => this.#onGone());
    this.#relay = new Relay(this.#x, request, response, this.#responseHead as ResponseHead, () => this.#finish());
    return this.#relay.done;
  }

  discard(): void {
    if (this.#over) return;
    // A short answer that has arrived already need not cost the connection.
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
    this.#connectStarted = this.#m.now();
    this.#timer = setTimeout(() => this.#fail('connect', 'no connection in time'), this.#spec.timeouts.connect);
    socket.once('connect', () => {
      if (this.#over) return;
      clearTimeout(this.#timer);
      this.#connectMs = this.#m.now() - this.#connectStarted;
      this.#onConnected();
    });
  }

  progress(): number {
    const up = this.#socket;
    const down = this.#x.req.socket;
    return (up ? up.bytesRead + up.bytesWritten : 0) + down.bytesWritten;
  }

  onIdle(): void {
    // Whose turn was it: the client's to read or to send on, or the backend's?
    if (this.#relay) this.#relay.stalled();
    else if (this.#x.requestBody?.awaited === true) this.#x.stalled();
    else this.#fail('timeout', 'no progress in time');
  }

  #start(): void {
    const x = this.#x;
    let request: ClientRequest;
    try {
      request = startRequest(x.method, x.headers, this, this.#m.connections);
    } catch (error) {
      this.#fail('connect', String(error));
      return;
    }
    this.#request = request;
    request.path = x.upstreamTarget;
    request.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    request.on('close', () => this.#onClose());
    request.on('response', (response: IncomingMessage) => this.#onResponse(response));
    request.on('upgrade', (response: IncomingMessage, socket: Socket, early: Buffer) => this.#onUpgrade(response, socket, early));
    request.on('information', (info: Information) => this.#onInformation(info));
    this.#m.idle.add(this);
    if (x.requestBody) this.#upload = new Upload(x, x.requestBody, request, () => this.#waitForHead());
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
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 999) return this.#fail('protocol', `status ${status}`);
    if (response.httpVersionMajor !== 1) return this.#fail('protocol', `HTTP/${response.httpVersion}`);
    const head = readResponseHead(response.rawHeaders, response.httpVersionMinor, status);
    if (head.fault !== undefined) return this.#fail('protocol', head.fault);
    this.#responseHead = head;
    if (head.last) (this.#request as ClientRequest).shouldKeepAlive = false;
    if (head.keepAlive !== Infinity && this.#socket) this.#m.connections.hint(this.#socket, head.keepAlive);
    // What came with the head is being read: only then is it known whether that breaks the response.
    process.nextTick(() => this.#announce(status));
  }

  #announce(status: number): void {
    if (!this.#over) this.#settle({ ok: true, status, reused: this.#reused, connectMs: this.#connectMs });
  }

  #onUpgrade(response: IncomingMessage, socket: Socket, early: Buffer): void {
    // node:http has let go of it, and the tunnel does not have it yet.
    socket.once('close', () => this.#fail('reset', 'closed after 101'));
    const { upgrade } = this.#x;
    const { rawHeaders, httpVersionMinor } = response;
    const read = upgrade ? readHandshake(rawHeaders, httpVersionMinor, upgrade.protocols) : '101 that was not asked for';
    if (this.#over) return void socket.destroy();
    if (typeof read === 'string') {
      socket.destroy();
      return this.#fail('protocol', read);
    }
    clearTimeout(this.#timer);
    this.#switched = { ...read, socket, early };
    this.#announce(101);
  }

  #openTunnel(switched: Switched): Promise<End> {
    this.#finish();
    return this.#m.tunnels.open(this.#x, this.target, this.#spec.timeouts, switched);
  }

  #onInformation(info: Information): void {
    if (info.statusCode === 101) this.#fail('protocol', '101 without Upgrade');
    else if (++this.#interim > MAX_INTERIM) this.#fail('protocol', 'too many interim responses');
    else if (!this.#over) relayInformation(this.#x, info);
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
    if (this.#over || this.#relay || this.#response || this.#switched) return;
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
    return { ok: false, kind, sent: this.#connected || this.#reused ? 'maybe' : 'none', reused: this.#reused, detail };
  }

  #destroy(): void {
    this.#finish();
    this.#request?.destroy();
    this.#switched?.socket.destroy();
    // A connect that is under way would go on: destroying the request alone does not reach a socket it was only just given.
    if (this.#socket && !this.#connected && !this.#reused) this.#socket.destroy();
  }

  /** No timer, no place in the sweep, no claim on the client's body. */
  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    this.#m.idle.delete(this);
    this.#upload?.stop();
  }
}
