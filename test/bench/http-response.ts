/** A minimal reader of HTTP/1.1 responses (RFC 9112) to GETs that are sent one after the other. */

export interface CompleteResponse {
  readonly status: number;
  /** Whether the connection may be reused. */
  readonly keepAlive: boolean;
}

/** The bytes are not an HTTP response. */
export class MalformedResponse extends Error {}

const HEAD_END = Buffer.from('\r\n\r\n');
const EMPTY = Buffer.alloc(0);
const MAX_HEAD_BYTES = 64 * 1024;
/** A chunk's size in hex, with extensions. */
const MAX_SIZE_LINE_BYTES = 1024;

type State = 'head' | 'fixed' | 'chunk-size' | 'chunk-data' | 'trailer' | 'until-close';

/** Reads one response after another from the bytes of one connection. */
export class ResponseReader {
  #state: State = 'head';
  #unread: Buffer = EMPTY;
  /** Bytes of the body, or of a chunk with its line end, that have not been read. */
  #remaining = 0;
  #head: { readonly status: number; readonly keepAlive: boolean } | undefined;

  /** Status of the response in progress; undefined before its head is complete. */
  get status(): number | undefined {
    return this.#head?.status;
  }

  /** Returns the response when these bytes complete it. @throws MalformedResponse */
  feed(chunk: Buffer): CompleteResponse | undefined {
    let data = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    this.#unread = EMPTY;
    for (;;) {
      const used = this.#step(data);
      if (used === undefined) {
        this.#unread = data;
        return undefined;
      }
      data = data.subarray(used);
      if (this.#state === 'head' && this.#head) return this.#finish(data);
      if (data.length === 0) return undefined;
    }
  }

  /** Returns the response that the end of the connection completes, if there is one. */
  end(): CompleteResponse | undefined {
    return this.#state === 'until-close' ? this.#finish(EMPTY) : undefined;
  }

  #finish(excess: Buffer): CompleteResponse {
    const { status, keepAlive } = this.#head ?? { status: 0, keepAlive: false };
    if (excess.length > 0) throw new MalformedResponse(`${excess.length} bytes after the end of a response`);
    this.#state = 'head';
    this.#head = undefined;
    return { status, keepAlive };
  }

  /** Bytes used; undefined when more are needed first. Back in state `head` with a head: the response is complete. */
  #step(data: Buffer): number | undefined {
    switch (this.#state) {
      case 'head':
        return this.#readHead(data);
      case 'fixed':
        return this.#skip(data, 'head');
      case 'chunk-size':
        return this.#readSize(data);
      case 'chunk-data':
        return this.#skip(data, 'chunk-size');
      case 'trailer':
        return this.#readTrailer(data);
      case 'until-close':
        return data.length;
    }
  }

  #readHead(data: Buffer): number | undefined {
    const end = data.indexOf(HEAD_END);
    if (end === -1) return atMost(MAX_HEAD_BYTES, data, 'a head without an end');
    const text = data.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})(?: |\r|$)/.exec(text)?.[1]);
    if (!(status >= 100)) throw new MalformedResponse(`not a status line: ${text.slice(0, 40)}`);
    const used = end + HEAD_END.length;
    if (status < 200) return used; // an interim response: the final one follows
    this.#head = { status, keepAlive: !/^connection:.*\bclose\b/im.test(text) };
    this.#state = this.#bodyState(text, status);
    return used;
  }

  #bodyState(text: string, status: number): State {
    if (status === 204 || status === 304) return 'head';
    if (/^transfer-encoding:.*\bchunked[ \t]*$/im.test(text)) return 'chunk-size';
    const length = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(text)?.[1];
    if (length === undefined) {
      this.#head = { status, keepAlive: false };
      return 'until-close';
    }
    this.#remaining = Number(length);
    return this.#remaining === 0 ? 'head' : 'fixed';
  }

  #skip(data: Buffer, next: State): number {
    const used = Math.min(this.#remaining, data.length);
    this.#remaining -= used;
    if (this.#remaining === 0) this.#state = next;
    return used;
  }

  #readSize(data: Buffer): number | undefined {
    const end = data.indexOf('\r\n');
    if (end === -1) return atMost(MAX_SIZE_LINE_BYTES, data, 'a chunk without a size');
    const size = /^([0-9a-f]{1,8})[ \t]*(;|$)/i.exec(data.toString('latin1', 0, end))?.[1];
    if (size === undefined) throw new MalformedResponse('a chunk without a size');
    this.#remaining = Number.parseInt(size, 16) + 2;
    this.#state = this.#remaining === 2 ? 'trailer' : 'chunk-data';
    return end + 2;
  }

  #readTrailer(data: Buffer): number | undefined {
    const end = data.indexOf('\r\n');
    if (end === -1) return atMost(MAX_HEAD_BYTES, data, 'a trailer without an end');
    if (end === 0) this.#state = 'head';
    return end + 2;
  }
}

/** Returns undefined: more bytes are needed. @throws MalformedResponse when there are more than `limit` already. */
function atMost(limit: number, data: Buffer, what: string): undefined {
  if (data.length > limit) throw new MalformedResponse(what);
  return undefined;
}
