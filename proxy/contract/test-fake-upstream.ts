/**
 * An engine of the backend's side in memory, without sockets or a protocol: reads each request whole and answers 200 `ok`, or with
 * another head and with trailers.
 */
import type { Request } from './test-strict.ts';
import type { Answer, Attempt, AttemptSpec, Failure, Target, Upstream } from '../message/attempt.ts';
import type { End, Exchange } from '../message/exchange.ts';
import { fieldPairs, ListFields } from '../message/fields.ts';
import { LOCAL_REPLIES } from '../message/local-replies.ts';
import type { BodyReader } from '../message/request-body.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { ResponseHead } from '../message/response-head.ts';

const OK: ResponseHead = {
  status: 200,
  reasonPhrase: undefined,
  fields: new ListFields(['content-length', '2']),
  hasLength: true,
  trailer: undefined,
  protocol: undefined,
};

export class FakeUpstream implements Upstream {
  readonly connections = { opened: 0, reused: 0 };
  /** The head of each answer; its body is `ok`. */
  head: ResponseHead = OK;
  /** After the body. */
  trailers: readonly string[] = [];
  /** Whole requests, in the order in which they were completed. */
  readonly requests: Request[] = [];
  /** Attempts in progress. */
  readonly open = new Set<Attempt>();
  readonly #refuses: (target: Target) => boolean;

  /** @param refuses whether a connection to the endpoint fails */
  constructor(refuses: (target: Target) => boolean = () => false) {
    this.#refuses = refuses;
  }

  start(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec): Attempt {
    void spec;
    if (this.#refuses(target)) return new RefusedAttempt();
    this.connections.opened++;
    return new FakeAttempt(x, head, this);
  }
  retire(): void {}
  restore(): void {}
  close(): void {}
}

class RefusedAttempt implements Attempt {
  readonly answer = Promise.resolve<Failure>({ ok: false, kind: 'connect', sent: 'none', detail: 'refused' });

  commit(): Promise<End> {
    throw new Error('there is nothing to commit');
  }
  discard(): void {}
}

class FakeAttempt implements Attempt, BodyReader {
  readonly answer: Promise<Answer | Failure>;
  #settle!: (answer: Answer | Failure) => void;
  #finish: ((how: End['how']) => void) | undefined;
  #x: Exchange;
  #head: RequestHead;
  #upstream: FakeUpstream;
  #body: Buffer[] = [];

  constructor(x: Exchange, head: RequestHead, upstream: FakeUpstream) {
    this.#x = x;
    this.#head = head;
    this.#upstream = upstream;
    this.answer = new Promise((resolve) => (this.#settle = resolve));
    upstream.open.add(this);
    x.onGone(() => this.#gone());
    x.body?.sendContinue();
    if (x.body) x.body.attach(this);
    else this.end([]);
  }

  write(chunk: Buffer): boolean {
    this.#body.push(chunk);
    return true;
  }

  /** The request is whole. */
  end(trailers: readonly string[]): void {
    this.#upstream.requests.push(requestOf(this.#head, Buffer.concat(this.#body).toString('latin1'), trailers));
    this.#settle({ ok: true, head: this.#upstream.head, connectMs: undefined });
  }

  commit(head: ResponseHead): Promise<End> {
    const { response, body } = this.#x;
    let refused = false;
    return new Promise((resolve) => {
      this.#finish = (how) => {
        this.#upstream.open.delete(this);
        const end = { how, bytesIn: body?.bytes ?? 0, bytesOut: response.bytes };
        resolve(refused ? { ...end, instead: LOCAL_REPLIES.malformedResponseHead } : end);
      };
      if (this.#x.gone) return this.#gone();
      this.#x.onGone(() => this.#gone());
      response.listen({ onSent: () => this.#finish?.('whole'), onDrain: () => undefined });
      refused = !response.head(head);
      if (!refused) response.end(Buffer.from('ok'), this.#upstream.trailers);
    });
  }

  discard(): void {
    this.#x.body?.detach(this);
    this.#gone();
  }

  #gone(): void {
    this.#upstream.open.delete(this);
    this.#settle({ ok: false, kind: 'client-gone', sent: 'maybe', detail: 'the client left' });
    this.#finish?.('client-gone');
  }
}

/** The request in the form in which a backend on a socket reports it. */
function requestOf(head: RequestHead, body: string, trailers: readonly string[]): Request {
  const { method, target, authority, protocol, fields, acceptsTrailers, trailer } = head;
  const own: [string, string][] = authority === undefined ? [] : [['host', authority]];
  if (protocol !== undefined) own.push(['upgrade', protocol]);
  if (acceptsTrailers) own.push(['te', 'trailers'], ['connection', 'TE']);
  if (trailer !== undefined) own.push(['trailer', trailer]);
  const start = `${method} ${target}`;
  return { start, method, target, fields: [...own, ...fieldPairs(fields.list())], body, trailers: fieldPairs(trailers) };
}
