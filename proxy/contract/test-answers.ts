/** As many answers as requests on every connection: what each client sent and received, counted without code of the proxy. */
import assert from 'node:assert/strict';
import { readResponses } from './test-strict.ts';
import type { Response } from './test-strict.ts';

/** One connection of a client to a proxy, so far. Text is latin1. */
export interface Conversation {
  sent: string;
  received: string;
  /** How the proxy ended it; `open`: it did not, or the client left. */
  ended: 'open' | 'closed' | 'reset';
}

/** By the port of a proxy that is watched. */
const watched = new Map<number, Conversation[]>();

/** From now on, conversations with this proxy are kept until `conversations` takes them. */
export function watchAnswers(port: number): void {
  watched.set(port, []);
}

export function unwatchAnswers(port: number): void {
  watched.delete(port);
}

/** A client connects: it writes down what happens. */
export function beginConversation(port: number): Conversation {
  const conversation: Conversation = { sent: '', received: '', ended: 'open' };
  watched.get(port)?.push(conversation);
  return conversation;
}

/** Those since the last call. */
export function takeConversations(port: number): readonly Conversation[] {
  return watched.get(port)?.splice(0) ?? [];
}

interface Sent {
  /** Methods of the whole requests that can be read in one way, up to one that ends the connection. */
  readonly methods: readonly string[];
  /** Something follows them that a proxy may answer once: a request that is incomplete, malformed or ambiguous. */
  readonly more: boolean;
}

const START = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) +([!-~]+) +HTTP\/1\.([01])$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/;
/** A body in chunks, extensions and trailers included. */
const CHUNK = /^([0-9a-fA-F]{1,12})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n/;
const TRAILERS = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n/;

/** The requests of a connection. */
export function readSent(text: string): Sent {
  const methods: string[] = [];
  for (let at = 0; ;) {
    while (text.startsWith('\r\n', at)) at += 2;
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd < 0) return { methods, more: at < text.length };
    const head = readHead(text.slice(at, headEnd));
    const end = head && endOfBody(text, headEnd + 4, head.framing);
    if (end === undefined) return { methods, more: true };
    methods.push(head?.method ?? '');
    if (head?.last === true) return { methods, more: false };
    at = end;
  }
}

/** Undefined: malformed, or ambiguous. `last`: no request follows it. */
function readHead(text: string): { method: string; framing: number | 'chunked'; last: boolean } | undefined {
  const [start = '', ...lines] = text.split('\r\n');
  const [, method = '', , minor] = START.exec(start) ?? [];
  const fields = lines.map((line) => FIELD.exec(line));
  if (method === '' || fields.includes(null)) return undefined;
  const all = (name: string) => fields.flatMap((m) => (m?.[1]?.toLowerCase() === name ? [(m[2] ?? '').trim()] : []));
  const [lengths, codings] = [all('content-length'), all('transfer-encoding')];
  if (lengths.length + codings.length > 1 || (minor === '0' && codings.length > 0)) return undefined;
  if (!lengths.every((length) => /^[0-9]{1,15}$/.test(length)) || !codings.every((coding) => /^chunked$/i.test(coding)))
    return undefined;
  const options = all('connection').flatMap((list) => list.toLowerCase().split(/[\t ]*,[\t ]*/));
  const closes = options.includes('close') || (minor === '0' && !options.includes('keep-alive'));
  const switches = method === 'CONNECT' || (options.includes('upgrade') && all('upgrade').length > 0);
  return { method, framing: codings.length > 0 ? 'chunked' : Number(lengths[0] ?? 0), last: closes || switches };
}

/** Undefined: incomplete, or malformed. */
function endOfBody(text: string, from: number, framing: number | 'chunked'): number | undefined {
  if (framing !== 'chunked') return text.length - from < framing ? undefined : from + framing;
  for (let at = from; ;) {
    const [line, digits = ''] = CHUNK.exec(text.slice(at, at + 100_000)) ?? [];
    if (line === undefined) return undefined;
    at += line.length;
    const size = parseInt(digits, 16);
    if (size === 0) {
      const trailers = TRAILERS.exec(text.slice(at));
      return trailers ? at + trailers[0].length : undefined;
    }
    if (text.slice(at + size, at + size + 2) !== '\r\n') return undefined;
    at += size + 2;
  }
}

const has = ({ fields }: Response, name: string, value: RegExp) =>
  fields.some(([n, v]) => n.toLowerCase() === name && value.test(v));

/** Answers to no request: to a client that sent none in time, or that connected beyond the limit. They end the connection. */
const isUnasked = (r: Response) =>
  has(r, 'connection', /^close$/i) && (r.status === 408 || (r.status === 503 && has(r, 'outrigger-reason', /^overflow$/)));

/**
 * Never more final responses than requests; and fewer only if the last one says that it ends the connection, the connection was cut, or
 * the client did not wait.
 */
export function assertAnswers({ sent, received, ended }: Conversation): void {
  const { methods, more } = readSent(sent);
  const { messages, rest } = readResponses(received, methods, ended === 'closed');
  const finals = messages.filter(({ status }) => status >= 200 || status === 101);
  const last = finals.at(-1);
  const begun = /^HTTP\/1\.1 [2-9]/.test(rest) ? 1 : 0;
  const described = () => JSON.stringify({ sent: sent.slice(0, 2000), received: received.slice(0, 2000), ended });
  const asked = methods.length + (more || (last && isUnasked(last)) ? 1 : 0);
  assert.ok(finals.length + begun <= asked, `more answers than requests: ${described()}`);
  if (ended !== 'closed' || rest !== '' || finals.length >= methods.length) return;
  assert.ok(last && has(last, 'connection', /^close$/i), `fewer answers than requests: ${described()}`);
}
