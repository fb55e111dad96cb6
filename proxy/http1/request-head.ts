/**
 * Refuses request heads that RFC 9112 calls ambiguous, before routing: request smuggling needs two parsers that read a request
 * differently. One pass over the raw header list reads everything and builds the fields for the backend, as it runs for every
 * request. PURE.
 *
 * | head | reply |
 * | --- | --- |
 * | Host missing (HTTP/1.1), twice, malformed, or with user information | 400 |
 * | Content-Length twice or not a number; with Transfer-Encoding | 400 |
 * | Transfer-Encoding on HTTP/1.0, or anything but `chunked` | 400 |
 * | a target that is not printable ASCII; a path with dot segments, backslash, NUL or a `%` that begins no escape | 400 |
 * | a path with `%2F`, if the listener refuses it | 400 |
 * | CONNECT | 405 |
 * | Expect that names anything but `100-continue` | 417 |
 * | the name of this proxy in Via | 508 |
 */
import { parseHost } from './authority.ts';
import { persists } from './connection-fields.ts';
import { trimOws } from './ows.ts';
import { parseTarget } from './request-target.ts';
import { asksForUpgrade, requestedProtocols } from './upgrade-request.ts';
import type { FieldRecord } from '../message/fields.ts';
import { badRequest, LOCAL_REPLIES } from '../message/local-replies.ts';
import type { RefusalReply } from '../message/local-replies.ts';
import { HEADERS_SET_BY_PROXY, hyphenated, HOP_BY_HOP_HEADERS } from '../snapshot/header-names.ts';
import type { PathNormalization } from '../snapshot/types.ts';
import { CONTENT_LENGTH, REQUEST_ID } from '../snapshot/request-grammar.ts';

/** A request head that may be forwarded. */
export interface AcceptedHead {
  readonly ok: true;
  readonly host: string;
  readonly path: string;
  readonly target: string;
  readonly requestId: string;
  /** End-to-end fields that the client sent, and Content-Length; without the proxy's own (Via, X-Forwarded-*). */
  readonly fields: FieldRecord;
  /** Host and port as the client wrote them; undefined if HTTP/1.0 sent none. */
  readonly authority: string | undefined;
  /** How the body is framed: its length in bytes, chunked, or no body. */
  readonly body: number | 'chunked' | 'none';
  readonly expectContinue: boolean;
  /** The client keeps the connection (RFC 9112 §9.3). */
  readonly persists: boolean;
  /** The connection must close after the response, although a client that keeps it may send more. */
  readonly closes: boolean;
  /** The protocols of Upgrade, if the request may be forwarded as one; undefined: it may not. */
  readonly protocols: string | undefined;
  /** Hops left for TRACE and OPTIONS; undefined: no limit. */
  readonly maxForwards: number | undefined;
}

/** A request head that must not be forwarded. */
export interface RefusedHead {
  readonly ok: false;
  readonly reply: RefusalReply;
}

export interface RequestHeadSettings {
  /** The pseudonym of this proxy in Via: a request with it has already passed through this proxy. */
  readonly viaName: string;
  readonly makeRequestId: () => string;
  /** Called for every request: how the listener normalizes paths. */
  readonly pathNormalization: () => PathNormalization;
}

/** Hop-by-hop fields, and those that the proxy writes itself. Connection may name more. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([...HOP_BY_HOP_HEADERS, ...HEADERS_SET_BY_PROXY]);
/** Fields that a name with underscores must not hide: also one that the proxy checks. */
const NOT_HIDDEN: ReadonlySet<string> = new Set([...NOT_FORWARDED, 'sec-websocket-key']);
const LENGTH = new RegExp(`^${CONTENT_LENGTH}$`);
/** A list; empty members count for nothing (RFC 9110 §5.6.1). */
const ONLY_CONTINUE = /^[\t ,]*(?:100-continue[\t ]*(?:,[\t ,]*|$))*$/i;
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;
const KEPT_REQUEST_ID = new RegExp(`^${REQUEST_ID}$`);
/** Is decremented and forwarded. */
const MAX_FORWARDS = 'max-forwards';

/** Pieces of it are joined with '; ' (RFC 9113 §8.2.3). */
const COOKIE = 'cookie';

/** Fields that are read here and not forwarded as received. */
interface OwnFields {
  host: string | undefined;
  length: string | undefined;
  coding: string | undefined;
  connection: string | undefined;
  upgrade: string | undefined;
  via: string | undefined;
  expect: string | undefined;
  requestId: string | undefined;
  /** The name of a field that occurs more than once and must not. */
  repeated: string | undefined;
}

/**
 * Reads one request head.
 * @param raw names and values, alternating, as received.
 * @param minor the minor version, 0 or 1.
 */
export function readRequestHead(
  method: string,
  url: string,
  minor: number,
  raw: readonly string[],
  settings: RequestHeadSettings,
): AcceptedHead | RefusedHead {
  if (method === 'CONNECT') return refuse(LOCAL_REPLIES.connectMethod);
  const target = parseTarget(method, url, settings.pathNormalization());
  if (typeof target === 'string') return bad(target);
  const fields = Object.create(null) as FieldRecord;
  const own = readHeaders(raw, fields);
  if (own.repeated !== undefined) return bad(`${own.repeated} occurs more than once`);

  const authority = target.authority ?? own.host;
  if (own.host === undefined && minor > 0) return bad('Host is missing');
  const host = authority === undefined ? '' : parseHost(authority);
  if (host === undefined || (own.host !== undefined && parseHost(own.host) === undefined)) return bad('Host is malformed');

  const body = framing(own, minor);
  if (typeof body === 'string' && body !== 'none' && body !== 'chunked') return bad(body);
  if (own.expect !== undefined && !ONLY_CONTINUE.test(own.expect)) return refuse(LOCAL_REPLIES.expectation);
  if (own.connection !== undefined) dropNamed(own.connection, fields);
  if (typeof body === 'number') fields['content-length'] = own.length as string;
  if (own.via !== undefined) {
    if (own.via.includes(settings.viaName)) return refuse(LOCAL_REPLIES.loop);
    fields['via'] = own.via;
  }
  const maxForwards = method === 'OPTIONS' || method === 'TRACE' ? hopsLeft(fields) : undefined;
  return {
    ok: true,
    host,
    path: target.path,
    target: target.target,
    requestId: own.requestId ?? settings.makeRequestId(),
    fields,
    authority,
    body,
    // HTTP/1.0 has no interim responses: the expectation has no effect there (RFC 9110 §10.1.1).
    expectContinue: minor > 0 && own.expect !== undefined && /[^\t ,]/.test(own.expect),
    persists: persists(own.connection, minor),
    closes: closesConnection(own, minor),
    protocols: requestedProtocols(own, method, minor),
    maxForwards,
  };
}

function readHeaders(raw: readonly string[], fields: FieldRecord): OwnFields {
  const own: OwnFields = {
    host: undefined,
    length: undefined,
    coding: undefined,
    connection: undefined,
    upgrade: undefined,
    via: undefined,
    expect: undefined,
    requestId: undefined,
    repeated: undefined,
  };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    if (NOT_FORWARDED.has(name) && name !== MAX_FORWARDS) keep(own, name, value);
    else if (name.includes('_') && NOT_HIDDEN.has(hyphenated(name))) continue;
    else append(fields, name, value);
  }
  return own;
}

function keep(own: OwnFields, name: string, value: string): void {
  switch (name) {
    case 'host':
      if (own.host !== undefined) own.repeated = 'Host';
      own.host = value;
      break;
    case 'content-length':
      if (own.length !== undefined) own.repeated = 'Content-Length';
      own.length = value;
      break;
    case 'transfer-encoding':
      own.coding = own.coding === undefined ? value : `${own.coding}, ${value}`;
      break;
    case 'connection':
      own.connection = own.connection === undefined ? value : `${own.connection},${value}`;
      break;
    case 'via':
      own.via = own.via === undefined ? value : `${own.via}, ${value}`;
      break;
    case 'upgrade':
      own.upgrade = value;
      break;
    case 'expect':
      own.expect = own.expect === undefined ? value : `${own.expect},${value}`;
      break;
    case 'x-request-id':
      if (KEPT_REQUEST_ID.test(value)) own.requestId = value;
      break;
  }
}

function append(fields: FieldRecord, name: string, value: string): void {
  const before = fields[name];
  if (before === undefined) fields[name] = value;
  else if (name === COOKIE && typeof before === 'string') fields[name] = `${before}; ${value}`;
  else if (typeof before === 'string') fields[name] = [before, value];
  else before.push(value);
}

/** How the body is framed, or a sentence that says why that is ambiguous. */
function framing(own: OwnFields, minor: number): number | string {
  if (own.coding !== undefined) {
    if (minor === 0) return 'Transfer-Encoding does not exist in HTTP/1.0';
    if (own.length !== undefined) return 'Transfer-Encoding and Content-Length contradict each other';
    if (own.coding.toLowerCase() !== 'chunked') return 'the only supported transfer coding is chunked';
    return 'chunked';
  }
  if (own.length === undefined) return 'none';
  if (!LENGTH.test(own.length)) return 'Content-Length is not a number';
  return Number(own.length);
}

/** Removes fields that Connection names, before the proxy's own are added, so that a client cannot remove those. */
function dropNamed(connection: string, fields: FieldRecord): void {
  if (/^(?:keep-alive|close)$/i.test(connection)) return;
  for (const token of connection.toLowerCase().split(',')) {
    const name = trimOws(token);
    if (name in fields) Reflect.deleteProperty(fields, name);
  }
}

/**
 * HTTP/1.0 with both `close` and `keep-alive` closes (RFC 9112 §9.3). So does a request that asks for another protocol and is served as
 * an ordinary one, since what follows may be that protocol; node:http drops what arrives with such a head.
 */
function closesConnection({ connection, upgrade }: OwnFields, minor: number): boolean {
  if (connection === undefined) return false;
  return asksForUpgrade({ connection, upgrade }) || (minor === 0 && CLOSE.test(connection));
}

/** Decrements Max-Forwards (RFC 9110 §7.6.2) and returns its value before. */
function hopsLeft(fields: FieldRecord): number | undefined {
  const value = fields[MAX_FORWARDS];
  if (typeof value !== 'string' || !/^[0-9]{1,9}$/.test(value)) return undefined;
  const left = Number(value);
  if (left > 0) fields[MAX_FORWARDS] = String(left - 1);
  return left;
}

function refuse(reply: RefusalReply): RefusedHead {
  return { ok: false, reply };
}

function bad(text: string): RefusedHead {
  return refuse(badRequest(text));
}
