/** The response of one exchange over HTTP/1: framing, Connection, interim responses and trailers are decided only here. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendReply } from './send-reply.ts';
import { UpgradeResponse } from './upgrade.ts';
import { fieldPairs } from '../../message/fields.ts';
import type { Fields } from '../../message/fields.ts';
import { LOCAL_REPLIES } from '../../message/local-replies.ts';
import type { LocalReply } from '../../message/local-replies.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { ResponseSink, SinkListener } from '../../message/response-sink.ts';
import type { TunnelEnd } from '../../message/tunnel.ts';

const PROCESSING = 102;
const EARLY_HINTS = 103;

export class Http1Response implements ResponseSink {
  bytes = 0;
  #req: IncomingMessage;
  #res: ServerResponse;
  #ends: () => boolean;
  #listener: SinkListener | undefined;
  #hasLength = true;
  #drains = false;

  /** @param ends called when a head is written: whether the connection must close after this response. */
  constructor(req: IncomingMessage, res: ServerResponse, ends: () => boolean) {
    this.#req = req;
    this.#res = res;
    this.#ends = ends;
  }

  listen(listener: SinkListener): void {
    this.#listener = listener;
  }

  /** The whole response has been written to the client's socket. */
  sent(): void {
    this.#listener?.onSent();
  }

  /** node:http can send 102, and 103 with its Link fields; HTTP/1.0 has no interim responses. */
  interim(status: number, fields: Fields): void {
    if (this.#res.headersSent || this.#req.httpVersionMinor === 0 || this.blocked) return;
    if (status === PROCESSING) return this.#res.writeProcessing();
    const link = status === EARLY_HINTS ? [...fields.all('link')] : [];
    try {
      if (link.length > 0) this.#res.writeEarlyHints({ link });
    } catch {
      // Early hints are optional: links that node:http refuses are dropped.
    }
  }

  head(head: ResponseHead): boolean {
    this.#hasLength = head.hasLength;
    const fields = this.#frame(head);
    const { status, reasonPhrase } = head;
    try {
      // Reason phrases are free text for which node:http may throw; the standard one is always accepted.
      if (reasonPhrase !== undefined && /^[\t\x20-\x7e]+$/.test(reasonPhrase)) this.#res.writeHead(status, reasonPhrase, fields);
      else this.#res.writeHead(status, fields);
      return true;
    } catch {
      // node:http refuses a field value.
      this.reply(LOCAL_REPLIES.malformedResponseHead, true);
      return false;
    }
  }

  /** A local reply, once, instead of a head and a body. `close`: the connection closes after it. */
  reply(r: LocalReply, close: boolean): void {
    this.bytes = sendReply(this.#res, r, close);
  }

  /** The fields of a head with those of this connection: how the body is framed, and whether the connection closes. */
  #frame({ status, fields, hasLength, trailer }: ResponseHead): string[] {
    let list = fields.list() as string[];
    // RFC 9110 §8.6: a 204 has no body, so it must not have a length.
    if (status === 204 && hasLength) list = withoutLength(list);
    const chunked =
      !hasLength && this.#req.httpVersionMinor > 0 && this.#req.method !== 'HEAD' && status !== 204 && status !== 304;
    // node:http refuses to announce trailers where it does not send chunks.
    if (trailer !== undefined && chunked) list = [...list, 'trailer', trailer, 'transfer-encoding', 'chunked'];
    if (this.#ends()) list = [...list, 'connection', 'close'];
    return list;
  }

  flush(): void {
    this.#res.flushHeaders();
  }

  write(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    if (this.#res.write(chunk)) return true;
    if (!this.#drains) {
      this.#drains = true;
      this.#res.on('drain', () => this.#listener?.onDrain());
    }
    return false;
  }

  end(last: Buffer | undefined, trailers: readonly string[]): void {
    if (last) this.bytes += last.length;
    if (trailers.length > 0) this.#addTrailers(trailers);
    this.#res.end(last);
  }

  /** Without chunked coding they cannot be sent; node:http then omits them. */
  #addTrailers(trailers: readonly string[]): void {
    try {
      this.#res.addTrailers(fieldPairs(trailers));
    } catch {
      // node:http refuses one of them: a response is whole without trailers.
    }
  }

  abort(): void {
    // A body that lasts until the connection closes: only a reset shows that it is not whole.
    if (this.#res.headersSent && this.#req.httpVersionMinor === 0 && !this.#hasLength) this.#res.socket?.resetAndDestroy();
    else this.#res.destroy();
  }

  get blocked(): boolean {
    return this.#res.writableNeedDrain;
  }

  openTunnel(head: ResponseHead): TunnelEnd {
    if (!(this.#res instanceof UpgradeResponse)) throw new Error('the request did not ask for a tunnel');
    return this.#res.openTunnel(head);
  }
}

function withoutLength(list: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    if ((list[i] as string).toLowerCase() !== 'content-length') kept.push(list[i] as string, list[i + 1] as string);
  }
  return kept;
}
