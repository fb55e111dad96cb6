/**
 * A strict reader of HTTP/1.1 messages (RFC 9112), which shares no code with the proxy: no bare LF, no folded line, no white
 * space where none is allowed, framing that can be read in one way only. Text is latin1, one character a byte.
 */

export interface Message {
  readonly start: string;
  /** As sent. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

export interface Request extends Message {
  readonly method: string;
  readonly target: string;
}

export interface Response extends Message {
  readonly status: number;
  /** The body had no framing: it lasted until the connection closed. */
  readonly untilClose: boolean;
}

/** The text breaks the rules. */
export class Malformed extends Error {}
/** The text ends before the message does. */
class Incomplete extends Error {}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const HOP = new Set(['keep-alive', 'proxy-connection', 'upgrade', 'proxy-authorization', 'expect']);
/** Fields about routing, length or authentication are not allowed after the body (RFC 9110 §6.5.1). */
const NOT_IN_TRAILERS = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
  'authorization',
  'cookie',
  'set-cookie',
]);

function check(holds: boolean, text: string): asserts holds {
  if (!holds) throw new Malformed(text);
}

class StrictReader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  line(): string {
    const end = this.text.indexOf('\r\n', this.at);
    const line = this.text.slice(this.at, end < 0 ? undefined : end);
    check(!/[\n\0]|\r(?!$)/.test(line), `a line with CR, LF or NUL: ${JSON.stringify(line)}`);
    if (end < 0) throw new Incomplete();
    check(!line.includes('\r'), `a bare CR: ${JSON.stringify(line)}`);
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

  fields(): [string, string][] {
    const fields: [string, string][] = [];
    for (let line = this.line(); line !== ''; line = this.line()) {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0));
      check(colon > 0 && TOKEN.test(name), `a bad field name: ${JSON.stringify(line)}`);
      const value = line.slice(colon + 1);
      check(VALUE.test(value), `a bad field value: ${JSON.stringify(line)}`);
      fields.push([name, value.replace(/^[\t ]+|[\t ]+$/g, '')]);
    }
    return fields;
  }

  chunks(): { body: string; trailers: [string, string][] } {
    let body = '';
    for (;;) {
      const line = this.line();
      check(/^[0-9a-fA-F]{1,8}$/.test(line), `a bad chunk size: ${JSON.stringify(line)}`);
      const size = parseInt(line, 16);
      if (size === 0) break;
      body += this.take(size);
      check(this.take(2) === '\r\n', 'a chunk that does not end at its size');
    }
    const trailers = this.fields();
    for (const [name] of trailers)
      check(!NOT_IN_TRAILERS.has(name.toLowerCase()), `a field that is not allowed in trailers: ${name}`);
    return { body, trailers };
  }
}

/** How the body is framed; undefined: it is not. Throws where that can be read in more than one way. */
function framing(fields: readonly (readonly [string, string])[]): 'chunked' | number | undefined {
  const all = (name: string) => fields.filter(([n]) => n.toLowerCase() === name).map(([, value]) => value);
  const lengths = all('content-length');
  const codings = all('transfer-encoding');
  check(lengths.length + codings.length <= 1, `framing in more than one way: ${[...lengths, ...codings].join()}`);
  if (codings.length > 0) check(codings[0] === 'chunked', `a coding other than chunked: ${codings.join()}`);
  if (lengths.length > 0) check(/^[0-9]{1,15}$/.test(lengths[0] as string), `a bad Content-Length: ${lengths.join()}`);
  return codings.length > 0 ? 'chunked' : lengths.length > 0 ? Number(lengths[0]) : undefined;
}

/** Whole messages in their order; `rest` is the text of an incomplete last one. */
function each<M>(text: string, read: (r: StrictReader, index: number) => M): { messages: M[]; rest: string } {
  const reader = new StrictReader(text);
  const messages: M[] = [];
  let whole = 0;
  try {
    while (reader.at < text.length) {
      messages.push(read(reader, messages.length));
      whole = reader.at;
    }
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error;
  }
  return { messages, rest: text.slice(whole) };
}

function readRequest(r: StrictReader): Request {
  const start = r.line();
  const [, method = '', target = ''] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\/[!-~]*|\*) HTTP\/1\.1$/.exec(start) ?? [];
  check(method !== '', `a bad request line: ${JSON.stringify(start)}`);
  check(target !== '*' || method === 'OPTIONS', `* with ${method}`);
  const fields = r.fields();
  check(fields.filter(([name]) => name.toLowerCase() === 'host').length === 1, 'not exactly one Host');
  const upgrade = method === 'GET' && fields.some(([name, value]) => name.toLowerCase() === 'upgrade' && value !== '');
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (upgrade && lower === 'upgrade') check(!/h2|http|tls/i.test(value), `Upgrade: ${value}`);
    else if (lower === 'expect') check(value === '100-continue', `Expect: ${value}`);
    else if (lower === 'te') check(value === 'trailers', `TE: ${value}`);
    else check(!HOP.has(lower), `a hop-by-hop field: ${name}`);
    if (lower === 'connection')
      check((upgrade ? /^(TE, )?Upgrade$/ : /^(keep-alive|close|TE)$/).test(value), `Connection: ${value}`);
  }
  const length = framing(fields);
  check(!upgrade || length === undefined, 'an upgrade with a body');
  check(length === 'chunked' || !fields.some(([name]) => name.toLowerCase() === 'trailer'), 'Trailer without chunks');
  const body = length === 'chunked' ? r.chunks() : { body: r.take(length ?? 0), trailers: [] };
  return { start, method, target, fields, ...body };
}

/** What a backend received. Throws Malformed. */
export function readRequests(text: string): { messages: Request[]; rest: string } {
  return each(text, readRequest);
}

/**
 * What a client received to requests with these methods, in their order; interim responses come before their final one. `closed`: the
 * connection ended in an orderly way, which ends a body without a length. What follows a 101 is not read. Throws Malformed.
 */
export function readResponses(text: string, methods: readonly string[], closed: boolean): { messages: Response[]; rest: string } {
  let final = 0;
  let last = false;
  let switched = false;
  return each(text, (r) => {
    if (switched) throw new Incomplete();
    check(!last, 'bytes follow the response that ends the connection');
    const start = r.line();
    const [, code = ''] = /^HTTP\/1\.1 ([1-9][0-9]{2}) [\t\x20-\x7e\x80-\xff]*$/.exec(start) ?? [];
    check(code !== '', `a bad status line: ${JSON.stringify(start)}`);
    const status = Number(code);
    const fields = r.fields();
    let length = framing(fields);
    check(status >= 200 || length === undefined, `${status} with framing`);
    switched = status === 101;
    if (status < 200) return { start, status, fields, body: '', trailers: [], untilClose: false };
    check(status !== 204 || length === undefined, '204 with framing');
    const method = methods[final++] ?? 'GET';
    last = fields.some(([name, value]) => name.toLowerCase() === 'connection' && value === 'close');
    let body = { body: '', trailers: [] as [string, string][] };
    const bare = method === 'HEAD' || status === 204 || status === 304;
    if (bare) length = undefined;
    else if (length === 'chunked') body = r.chunks();
    else if (length !== undefined) body.body = r.take(length);
    else if (closed) body.body = r.rest();
    else throw new Incomplete();
    return { start, status, fields, ...body, untilClose: !bare && length === undefined };
  });
}
