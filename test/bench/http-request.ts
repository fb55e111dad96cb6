/** A minimal reader of the requests that proxies send to a benchmark's backend: one after the other, valid, and without trailers. */

export interface CompleteRequest {
  /** Path and query. */
  readonly target: string;
  /** Whether the client asked to end the connection. */
  readonly close: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const EMPTY = Buffer.alloc(0);

/**
 * Reads one request after another from the bytes of one connection.
 *
 * A chunked body is not parsed: it ends where the bytes `0 CR LF CR LF` end a read or a few of them. That holds for bodies of letters, as
 * those of the load generator are, and costs the same for chunks of any size.
 */
export class RequestReader {
  #unread: Buffer = EMPTY;
  #request: CompleteRequest | undefined;
  /** Bytes of the body that are still to come; undefined: it is chunked. */
  #remaining: number | undefined = 0;

  /** Returns the request when these bytes complete it. */
  feed(chunk: Buffer): CompleteRequest | undefined {
    if (this.#request !== undefined) return this.#readBody(chunk);
    const data = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    const end = data.indexOf(HEAD_END);
    this.#unread = end === -1 ? data : EMPTY;
    if (end === -1) return undefined;
    const head = data.toString('latin1', 0, end);
    const target = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/1.'));
    this.#request = { target, close: /^connection:.*\bclose\b/im.test(head) };
    this.#remaining = /^transfer-encoding:/im.test(head) ? undefined : Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    return this.#readBody(data.subarray(end + HEAD_END.length));
  }

  #readBody(data: Buffer): CompleteRequest | undefined {
    if (this.#remaining === undefined) {
      this.#unread = data.length >= LAST_CHUNK.length ? data : Buffer.concat([this.#unread, data]);
      this.#unread = this.#unread.subarray(-LAST_CHUNK.length);
      if (!this.#unread.equals(LAST_CHUNK)) return undefined;
    } else {
      this.#remaining -= data.length;
      if (this.#remaining > 0) return undefined;
    }
    const request = this.#request;
    this.#request = undefined;
    this.#unread = EMPTY;
    return request;
  }
}
