/** One try of one request on one endpoint, up to the response head; relay.ts does the rest. */
import type { Socket } from 'node:net';
import { Connection } from './connection.ts';
import type { ConnectionUser } from './connection.ts';
import { IncomingResponse } from './incoming-response.ts';
import type { InterimListener } from './incoming-response.ts';
import { Relay } from './relay.ts';
import type { RelayedAttempt } from './relay.ts';
import { formatRequestHead } from './request-head.ts';
import { responseHead, upgradeHead } from './response-head.ts';
import { Upload } from './upload.ts';
import { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { TimeLimit, TimeLimitListener } from '../attempt-timeouts.ts';
import { continueTimeout } from '../continue-timeout.ts';
import type { Watched } from '../idle-timeout.ts';
import type { AttemptTools } from '../pooled-upstream.ts';
import type { WireResponse } from '../../http1/wire-response.ts';
import type { Answer, Attempt, AttemptSpec, Failure, FailureKind, Target } from '../../message/attempt.ts';
import type { End, Exchange } from '../../message/exchange.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { RequestHead } from '../../message/request-head.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import { SocketTunnelEnd } from '../../socket/socket-tunnel-end.ts';

/** More interim responses (1xx) than this are a protocol failure. */
const MAX_INTERIM = 32;
const CONTINUE = 100;
/** Bytes of a body that are kept before the response is committed; beyond them, the backend waits. */
const MAX_EARLY = 64 * 1024;

export class Http1Attempt implements Attempt, ConnectionUser, InterimListener, RelayedAttempt, TimeLimitListener, Watched {
  readonly answer: Promise<Answer | Failure>;
  readonly idleTimeout: number;
  idleAt = -1;
  #settle!: (answer: Answer | Failure) => void;
  #x: Exchange;
  #head: RequestHead;
  #target: Target;
  #spec: AttemptSpec;
  #tools: AttemptTools;
  #timeouts: AttemptTimeouts;
  /** Until it was sent. */
  #requestHead = '';
  #response = new IncomingResponse(this);
  /** Undefined once it was given back or closed. */
  #connection: Connection | undefined;
  #upload: Upload | undefined;
  #relay: Relay | undefined;
  /** Set once the backend has switched protocols: its end of the tunnel. */
  #tunnelEnd: SocketTunnelEnd | undefined;
  #connected = false;
  #connectStarted = 0;
  #connectMs: number | undefined;
  #over = false;
  #interim = 0;

  constructor(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec, tools: AttemptTools) {
    this.#x = x;
    this.#head = head;
    this.#target = target;
    this.#spec = spec;
    this.#tools = tools;
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
      this.finish();
      return this.#tools.tunnels.open(this.#x, head, this.#target, this.#spec.timeouts, this.#tunnelEnd);
    }
    this.#x.body?.release();
    // The pause before another try, which could not be made, has replaced this listener.
    this.#x.onGone(() => this.#onGone());
    this.#relay = new Relay(this.#x, head, this.#response, this);
    return this.#relay.done;
  }

  discard(): void {
    if (this.#over) return;
    this.#end();
    this.#settle(this.#failure('client-gone', 'discarded'));
  }

  onConnected(): void {
    this.#timeouts.connected();
    this.#connectMs = this.#tools.now() - this.#connectStarted;
    this.#send();
  }

  onInterim({ status, fields }: WireResponse): void {
    if (this.#over) return;
    if (++this.#interim > MAX_INTERIM) this.#fail('protocol', 'too many interim responses');
    else if (status === CONTINUE) this.#upload?.continue();
    else this.#x.response.interim(status, fields);
  }

  onRead(surplus: boolean): void {
    const { head, whole } = this.#response;
    if (head === undefined) return;
    // A connection on which the request is still being sent cannot be reused: it stays until the exchange is over.
    if (whole && (this.#upload?.ended ?? true)) this.#letGo(head, surplus);
    if (this.#relay) this.#relay.forward();
    else this.#announce(head);
  }

  onMalformed(fault: string): void {
    if (this.#relay) this.#relay.breakOff('upstream-broke');
    else this.#fail('protocol', fault);
  }

  onSwitched(socket: Socket, early: Buffer): void {
    this.#connection = undefined;
    // The tunnel does not have it yet.
    socket.once('close', () => this.#fail('reset', 'closed after 101'));
    this.#tunnelEnd = new SocketTunnelEnd(socket, early.length > 0 ? [early] : []);
    const head = upgradeHead(this.#response.head as WireResponse, this.#head);
    if (typeof head === 'string') return this.#fail('protocol', head);
    this.#timeouts.headReceived();
    this.#settle({ ok: true, head, connectMs: this.#connectMs });
  }

  onDrain(): void {
    this.#upload?.onDrain();
  }

  onClosed(reason: string): void {
    // What is left of the request is not needed any more.
    if (this.#response.whole) return;
    if (this.#relay) this.#relay.breakOff('upstream-broke');
    else this.#fail(this.#connected ? 'reset' : 'connect', reason);
  }

  onTimeLimit(limit: TimeLimit): void {
    if (limit === 'connect') this.#fail('connect', 'no connection in time');
    else if (limit === 'per-try') this.#fail('timeout', 'no response head in time');
    else if (this.#relay) this.#relay.breakOff('deadline');
    else this.#fail('timeout', 'the whole request took too long');
  }

  progress(): number {
    const up = this.#connection?.socket;
    return (up ? up.bytesRead + up.bytesWritten : 0) + this.#x.progress();
  }

  onIdle(): void {
    // Who made no progress: the client, in reading or sending, or the backend?
    if (this.#relay) this.#relay.stalled();
    else if (this.#x.body?.awaited === true) this.#x.body.refuseStalled();
    else this.#fail('timeout', 'no progress in time');
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  abandon(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  finish(): void {
    this.#over = true;
    this.#timeouts.stop();
    this.#tools.idle.delete(this);
    this.#upload?.stop();
    this.abandon();
  }

  #start(): void {
    const requestHead = formatRequestHead(this.#head, this.#x.body, this.#target);
    if (requestHead === undefined) return this.#fail('connect', 'HTTP/1 cannot carry the request head');
    this.#requestHead = requestHead;
    try {
      this.#connection = Connection.acquire(this.#tools.connections, this.#target);
    } catch (error) {
      return this.#fail('connect', String(error));
    }
    this.#tools.idle.add(this);
    this.#connection.begin(this, this.#response, this.#head.method === 'HEAD');
    if (!this.#connection.socket.connecting) return this.#send();
    this.#connectStarted = this.#tools.now();
    this.#timeouts.connecting();
  }

  #send(): void {
    const { socket } = this.#connection as Connection;
    this.#connected = true;
    if (this.#x.body) {
      const wait = continueTimeout(this.#spec, this.#tools.now());
      this.#upload = new Upload(this.#x.body, socket, wait, () => this.#onRequestSent());
      this.#upload.begin(this.#requestHead);
    } else {
      socket.write(this.#requestHead, 'latin1');
      this.#onRequestSent();
    }
    this.#requestHead = '';
  }

  #onRequestSent(): void {
    if (!this.#response.head && !this.#over) this.#timeouts.requestSent();
  }

  /** Once for each read until the response is committed. */
  #announce(head: WireResponse): void {
    if (!this.#response.whole && this.#response.bytes > MAX_EARLY) this.pause();
    this.#timeouts.headReceived();
    this.#upload?.answered();
    this.#settle({ ok: true, head: responseHead(head), connectMs: this.#connectMs });
  }

  /** The response has arrived to its end. */
  #letGo({ persists, keepAlive }: WireResponse, surplus: boolean): void {
    if (!persists || surplus) return this.abandon();
    this.#connection?.release(keepAlive);
    this.#connection = undefined;
  }

  #onGone(): void {
    if (this.#relay) this.#relay.breakOff('client-gone');
    else this.#fail('client-gone', 'the client left');
  }

  #fail(kind: FailureKind, detail: string): void {
    if (this.#over) return;
    this.#end();
    this.#settle(this.#failure(kind, detail));
  }

  #failure(kind: FailureKind, detail: string): Failure {
    return { ok: false, kind, sent: this.#connected ? 'maybe' : 'none', detail };
  }

  #end(): void {
    this.finish();
    this.#tunnelEnd?.destroy();
  }
}
