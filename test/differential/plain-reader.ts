/**
 * A plain reader of HTTP/1 messages, which takes what any of the compared proxies may write: it accepts more than the strict reader of
 * proxy/contract, because what other proxies pass on is their affair. Text is latin1, one character a byte.
 */

export type Field = readonly [name: string, value: string];
export type Framing = 'none' | 'length' | 'chunked' | 'close';

interface PlainMessage {
  readonly start: string;
  /** As sent, without the white space around values. */
  readonly fields: readonly Field[];
  readonly body: string;
  readonly trailers: readonly Field[];
  readonly framing: Framing;
}

export interface PlainRequest extends PlainMessage {
  readonly method: string;
  readonly target: string;
}

export interface PlainResponse extends PlainMessage {
  readonly status: number;
}

/** The text ends before the message does. */
class Incomplete extends Error {}

class PlainReader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  line(): string {
    const end = this.text.indexOf('\r\n', this.at);
    if (end < 0) throw new Incomplete();
    const line = this.text.slice(this.at, end);
    this.at = end + 2;
    return line;
  }

  take(length: number): string {
    if (this.text.length - this.at < length) throw new Incomplete();
    this.at += length;
    return this.text.slice(this.at - length, this.at);
  }

  rest(): string {
    return this.take(this.text.length - this.at);
  }

  fields(): Field[] {
    const fields: Field[] = [];
    for (let line = this.line(); line !== ''; line = this.line()) {
      const colon = line.indexOf(':');
      fields.push([line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]);
    }
    return fields;
  }

  chunks(): { readonly body: string; readonly trailers: readonly Field[] } {
    let body = '';
    for (let size = parseInt(this.line(), 16); size !== 0; size = parseInt(this.line(), 16)) {
      if (Number.isNaN(size)) throw new Incomplete();
      body += this.take(size);
      this.take(2);
    }
    return { body, trailers: this.fields() };
  }
}

const valueOf = (fields: readonly Field[], name: string) => fields.find(([n]) => n.toLowerCase() === name)?.[1];

/** Whole messages in their order; `rest` is the text of an incomplete last one. */
function each<M>(text: string, read: (r: PlainReader) => M): { readonly messages: readonly M[]; readonly rest: string } {
  const reader = new PlainReader(text);
  const messages: M[] = [];
  let whole = 0;
  try {
    while (reader.at < text.length) {
      messages.push(read(reader));
      whole = reader.at;
    }
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error;
  }
  return { messages, rest: text.slice(whole) };
}

/** The body behind a head with these fields; `otherwise`: where it has no framing. */
function bodyOf(r: PlainReader, fields: readonly Field[], otherwise: 'none' | 'close'): Omit<PlainMessage, 'start' | 'fields'> {
  if (valueOf(fields, 'transfer-encoding') !== undefined) return { ...r.chunks(), framing: 'chunked' };
  const length = valueOf(fields, 'content-length');
  if (length !== undefined) return { body: r.take(Number(length)), trailers: [], framing: 'length' };
  return { body: otherwise === 'close' ? r.rest() : '', trailers: [], framing: otherwise };
}

/** What a backend received. */
export function readRequests(text: string): { readonly messages: readonly PlainRequest[]; readonly rest: string } {
  return each(text, (r) => {
    const start = r.line();
    const [method = '', target = ''] = start.split(' ');
    const fields = r.fields();
    return { start, method, target, fields, ...bodyOf(r, fields, 'none') };
  });
}

/** What a client received to requests with these methods (GET behind them). `closed`: the connection ended in an orderly way. */
export function readResponses(
  text: string,
  methods: readonly string[],
  closed: boolean,
): { readonly messages: readonly PlainResponse[]; readonly rest: string } {
  let final = 0;
  return each(text, (r) => {
    const start = r.line();
    const status = Number(start.split(' ')[1]);
    const fields = r.fields();
    const bare = status < 200 || status === 204 || status === 304 || methods[final] === 'HEAD';
    if (status >= 200) final += 1;
    if (bare) return { start, status, fields, body: '', trailers: [], framing: 'none' };
    const body = bodyOf(r, fields, 'close');
    if (body.framing === 'close' && !closed) throw new Incomplete();
    return { start, status, fields, ...body };
  });
}
