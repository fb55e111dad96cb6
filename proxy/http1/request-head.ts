/**
 * Admission: what RFC 9112 calls ambiguous is refused before anything is routed, because two parsers that read a request
 * differently are how requests are smuggled. PURE. Everything is read in one pass over the raw header list, which also builds
 * the headers that go upstream: the pass is on the path of every request.
 *
 * | what | answer |
 * | --- | --- |
 * | Host missing (HTTP/1.1), twice, malformed, or with user information | 400 |
 * | Content-Length twice or not a number; with Transfer-Encoding | 400 |
 * | Transfer-Encoding on HTTP/1.0, or anything but `chunked` | 400 |
 * | a target that is not printable ASCII, has dot segments, backslash or NUL | 400 |
 * | CONNECT | 405 |
 * | Expect with anything but `100-continue` | 417 |
 * | our own name in Via | 508 |
 */
import { parseHost } from './authority.ts';
import { parseTarget } from './request-target.ts';
import type { LocalReply } from '../message/exchange.ts';

export type HeaderValue = string | string[];
/** Lower-case names, without prototype. */
export type Headers = Record<string, HeaderValue>;

export interface Admitted {
  readonly ok: true;
  readonly host: string;
  readonly path: string;
  readonly target: string;
  readonly requestId: string;
  /** Everything the client sent that may go on, hop-by-hop fields removed; ours are not in yet. */
  readonly headers: Headers;
  /** The value for the Host header sent upstream; undefined where the client sent none (HTTP/1.0). */
  readonly authority: string | undefined;
  readonly body: 'none' | 'length' | 'chunked';
  readonly expectContinue: boolean;
  /** Of TRACE and OPTIONS: hops left; undefined: no limit. */
  readonly maxForwards: number | undefined;
}

export interface Refused extends LocalReply {
  readonly ok: false;
}

export interface AdmissionSettings {
  /** The name of this proxy in Via: a request that carries it has been here before. */
  readonly viaName: string;
  readonly makeRequestId: () => string;
}

/** Hop-by-hop fields, and those that the proxy writes itself. Not in here: Connection, which names more. */
export const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
]);

/** Joined with '; ' where sent in pieces; all others with ', ' (RFC 9110 §5.3). */
const COOKIE = 'cookie';

interface Seen {
  host: string | undefined;
  length: string | undefined;
  coding: string | undefined;
  connection: string | undefined;
  via: string | undefined;
  expect: string | undefined;
  requestId: string | undefined;
  twice: string | undefined;
}

/**
 * Judges one request head.
 * @param raw names and values in turn, as received.
 * @param minor the 1 of HTTP/1.1.
 */
export function admit(
  method: string,
  url: string,
  minor: number,
  raw: readonly string[],
  o: AdmissionSettings,
): Admitted | Refused {
  if (method === 'CONNECT') return refuse(405, 'method-not-allowed', 'CONNECT is not supported');
  const target = parseTarget(method, url);
  if (typeof target === 'string') return bad(target);
  const headers = Object.create(null) as Headers;
  const seen = readHeaders(raw, headers);
  if (seen.twice !== undefined) return bad(`${seen.twice} is there twice`);

  const authority = target.authority ?? seen.host;
  if (seen.host === undefined && minor > 0) return bad('Host is missing');
  const host = authority === undefined ? '' : parseHost(authority);
  if (host === undefined || (seen.host !== undefined && parseHost(seen.host) === undefined)) return bad('Host is malformed');

  const body = framing(seen, minor);
  if (body !== 'none' && body !== 'length' && body !== 'chunked') return bad(body);
  const expects = minor > 0 ? seen.expect?.toLowerCase() : undefined;
  if (expects !== undefined && expects !== '100-continue') return refuse(417, 'bad-request', 'Expect knows 100-continue only');
  if (seen.connection !== undefined) dropNamed(seen.connection, headers);
  if (body === 'length') headers['content-length'] = seen.length as string;
  if (seen.via !== undefined) {
    if (seen.via.includes(o.viaName)) return refuse(508, 'loop', 'this request has been here before');
    headers['via'] = seen.via;
  }
  const maxForwards = method === 'OPTIONS' || method === 'TRACE' ? hopsLeft(headers) : undefined;
  return {
    ok: true,
    host,
    path: target.path,
    target: target.target,
    requestId: seen.requestId ?? o.makeRequestId(),
    headers,
    authority,
    body,
    expectContinue: expects !== undefined,
    maxForwards,
  };
}

function readHeaders(raw: readonly string[], headers: Headers): Seen {
  const seen: Seen = {
    host: undefined,
    length: undefined,
    coding: undefined,
    connection: undefined,
    via: undefined,
    expect: undefined,
    requestId: undefined,
    twice: undefined,
  };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    if (DROPPED.has(name)) note(seen, name, value);
    else append(headers, name, value);
  }
  return seen;
}

function note(seen: Seen, name: string, value: string): void {
  switch (name) {
    case 'host':
      if (seen.host !== undefined) seen.twice = 'Host';
      seen.host = value;
      break;
    case 'content-length':
      if (seen.length !== undefined) seen.twice = 'Content-Length';
      seen.length = value;
      break;
    case 'transfer-encoding':
      seen.coding = seen.coding === undefined ? value : `${seen.coding}, ${value}`;
      break;
    case 'connection':
      seen.connection = seen.connection === undefined ? value : `${seen.connection},${value}`;
      break;
    case 'via':
      seen.via = seen.via === undefined ? value : `${seen.via}, ${value}`;
      break;
    case 'expect':
      seen.expect = value;
      break;
    case 'x-request-id':
      // Goes into logs and to backends: bounded, printable, one line.
      if (/^[!-~]{1,128}$/.test(value)) seen.requestId = value;
      break;
  }
}

function append(headers: Headers, name: string, value: string): void {
  const before = headers[name];
  if (before === undefined) headers[name] = value;
  else if (name === COOKIE && typeof before === 'string') headers[name] = `${before}; ${value}`;
  else if (typeof before === 'string') headers[name] = [before, value];
  else before.push(value);
}

/** How the body is delimited, or a sentence that says why that is not certain. */
function framing(seen: Seen, minor: number): string {
  if (seen.coding !== undefined) {
    if (minor === 0) return 'Transfer-Encoding does not exist in HTTP/1.0';
    if (seen.length !== undefined) return 'Transfer-Encoding and Content-Length contradict each other';
    if (seen.coding.trim().toLowerCase() !== 'chunked') return 'the only transfer coding known here is chunked';
    return 'chunked';
  }
  if (seen.length === undefined) return 'none';
  if (!/^[0-9]{1,15}$/.test(seen.length)) return 'Content-Length is not a number';
  return 'length';
}

/** Removes what Connection names, before ours are added, so that a client can not make us drop those. */
function dropNamed(connection: string, headers: Headers): void {
  if (/^(?:keep-alive|close)$/i.test(connection)) return;
  for (const token of connection.toLowerCase().split(',')) {
    const name = token.trim();
    if (name in headers) Reflect.deleteProperty(headers, name);
  }
}

/** Takes one off Max-Forwards (RFC 9110 §7.6.2) and says what was left before. */
function hopsLeft(headers: Headers): number | undefined {
  const value = headers['max-forwards'];
  if (typeof value !== 'string' || !/^[0-9]{1,9}$/.test(value)) return undefined;
  const left = Number(value);
  if (left > 0) headers['max-forwards'] = String(left - 1);
  return left;
}

function refuse(status: number, reason: Refused['reason'], text: string): Refused {
  return { ok: false, status, reason, text };
}

function bad(text: string): Refused {
  return refuse(400, 'bad-request', text);
}
