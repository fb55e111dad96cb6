/** An engine of the client's side in memory, without sockets or a protocol: one GET or HEAD, and all that its sink received. */
import type { Response } from './test-strict.ts';
import { renderLocalReply } from '../downstream/local-reply.ts';
import type { End, Exchange } from '../message/exchange.ts';
import { fieldPairs, ListFields } from '../message/fields.ts';
import type { Fields } from '../message/fields.ts';
import { LOCAL_REPLIES } from '../message/local-replies.ts';
import type { LocalReply } from '../message/local-replies.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { ResponseSink, SinkListener } from '../message/response-sink.ts';
import type { TunnelEnd } from '../message/tunnel.ts';

export class FakeClient implements Exchange, ResponseSink {
  readonly request: RequestHead;
  readonly body = undefined;
  readonly response = this;
  readonly clientAddress = '192.0.2.1';
  readonly requestId = 'fake';
  readonly protocolVersion = '1.1';
  readonly started = performance.now();
  gone = false;
  readonly drained = false;
  readonly refusal = undefined;
  bytes = 0;
  readonly blocked = false;
  /** Settles when the response is whole, or was cut. */
  readonly done: Promise<'whole' | 'cut'>;
  #settle!: (how: 'whole' | 'cut') => void;
  #messages: Response[] = [];
  #head: ResponseHead | undefined;
  #chunks: Buffer[] = [];
  #listener: SinkListener | undefined;
  #onGone: (() => void) | undefined;

  constructor(method: string, target: string) {
    const fields = new ListFields([]);
    const line = {
      method,
      scheme: 'http',
      port: 80,
      authority: 'a',
      host: 'a',
      path: target,
      target,
      receivedTarget: target,
    } as const;
    this.request = { ...line, fields, protocol: undefined, acceptsTrailers: false, trailer: undefined };
    this.done = new Promise((resolve) => (this.#settle = resolve));
  }

  /** What a client would receive: interim responses, and the final one if it is whole. */
  get messages(): readonly Response[] {
    return this.#messages;
  }

  onGone(listener: (() => void) | undefined): void {
    this.#onGone = listener;
  }

  progress(): number {
    return this.bytes;
  }

  async reply(r: LocalReply): Promise<End> {
    this.#sendReply(r);
    return Promise.resolve({ how: 'whole', bytesIn: 0, bytesOut: this.bytes });
  }

  #sendReply(r: LocalReply): void {
    const { fields, body } = renderLocalReply(r);
    this.#head = headOf(r.status, fields);
    this.end(this.request.method === 'HEAD' ? undefined : body, []);
  }

  listen(listener: SinkListener): void {
    this.#listener = listener;
  }

  interim(status: number, fields: Fields): void {
    const sent = fieldPairs(fields.list()).filter(([name]) => name.toLowerCase() !== 'content-length');
    this.#messages.push(messageOf(headOf(status, sent.flat()), '', []));
  }

  head(head: ResponseHead): boolean {
    if (this.#head) throw new Error('a second head');
    if (!isCarried(head.fields.list())) {
      this.#sendReply(LOCAL_REPLIES.malformedResponseHead);
      return false;
    }
    this.#head = head;
    return true;
  }

  flush(): void {}

  write(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    this.#chunks.push(chunk);
    return true;
  }

  end(last: Buffer | undefined, given: readonly string[]): void {
    const trailers = isCarried(given) ? given : [];
    if (last) this.write(last);
    if (!this.#head) throw new Error('a body without a head');
    this.#messages.push(messageOf(this.#head, Buffer.concat(this.#chunks).toString('latin1'), trailers));
    setImmediate(() => {
      this.#listener?.onSent();
      this.#settle('whole');
    });
  }

  abort(): void {
    this.gone = true;
    this.#onGone?.();
    this.#settle('cut');
  }

  openTunnel(): TunnelEnd {
    throw new Error('this client does not ask for a tunnel');
  }
}

/** As in every protocol: values have no control characters. */
function isCarried(fields: readonly string[]): boolean {
  return fields.every((text) => /^[\t\x20-\x7e\x80-\xff]*$/.test(text));
}

function headOf(status: number, fields: readonly string[]): ResponseHead {
  return {
    status,
    reasonPhrase: undefined,
    fields: new ListFields(fields),
    hasLength: true,
    trailer: undefined,
    protocol: undefined,
  };
}

function messageOf({ status, fields }: ResponseHead, body: string, trailers: readonly string[]): Response {
  return { start: '', status, fields: fieldPairs(fields.list()), body, trailers: fieldPairs(trailers), untilClose: false };
}
