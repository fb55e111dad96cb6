/**
 * Refuses request heads that RFC 9112 calls ambiguous, before routing: request smuggling needs two parsers that read a request
 * differently. One pass over the fields reads everything and chooses those for the backend, as it runs for every request. PURE.
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
import type { ReceivedFields } from './received-fields.ts';
import { MAX_FORWARDS, noFields, readFields, without, withoutNamed } from './request-fields.ts';
import type { OwnFields } from './request-fields.ts';
import { parseTarget } from './request-target.ts';
import { asksForUpgrade, requestedProtocols } from './upgrade-request.ts';
import { badRequest, LOCAL_REPLIES } from '../message/local-replies.ts';
import type { RefusalReply } from '../message/local-replies.ts';
import type { PathNormalization } from '../snapshot/types.ts';
import { CONTENT_LENGTH } from '../snapshot/request-grammar.ts';

/** A request head that may be forwarded. */
export interface AcceptedHead {
  readonly ok: true;
  readonly host: string;
  readonly path: string;
  readonly target: string;
  readonly requestId: string;
  /** End-to-end fields that the client sent, and Content-Length; without those that the proxy writes itself. */
  readonly fields: ReceivedFields;
  /** Values of Via. */
  readonly via: string | undefined;
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
  /** The client accepts trailers (RFC 9110 §10.1.4). */
  readonly acceptsTrailers: boolean;
  /** Values of Trailer; undefined: none. */
  readonly trailer: string | undefined;
  /** Max-Forwards of TRACE and OPTIONS, which is not in `fields`; undefined: it has no effect. */
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

const LENGTH = new RegExp(`^${CONTENT_LENGTH}$`);
/** A list; empty members count for nothing (RFC 9110 §5.6.1). */
const ONLY_CONTINUE = /^[\t ,]*(?:100-continue[\t ]*(?:,[\t ,]*|$))*$/i;
const TRAILERS = /(?:^|,)[\t ]*trailers[\t ]*(?:,|$)/i;
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;

/**
 * Reads one request head.
 * @param minor the minor version, 0 or 1.
 */
export function readRequestHead(
  method: string,
  url: string,
  minor: number,
  received: ReceivedFields,
  settings: RequestHeadSettings,
): AcceptedHead | RefusedHead {
  if (method === 'CONNECT') return refuse(LOCAL_REPLIES.connectMethod);
  const target = parseTarget(method, url, settings.pathNormalization());
  if (typeof target === 'string') return bad(target);
  const own = noFields();
  let fields = readFields(received, own);
  if (own.repeated !== undefined) return bad(`${own.repeated} occurs more than once`);

  const authority = target.authority ?? own.host;
  if (own.host === undefined && minor > 0) return bad('Host is missing');
  const host = authority === undefined ? '' : parseHost(authority);
  if (host === undefined || (own.host !== undefined && parseHost(own.host) === undefined)) return bad('Host is malformed');

  const body = framing(own, minor);
  if (typeof body === 'string' && body !== 'none' && body !== 'chunked') return bad(body);
  if (own.expect !== undefined && !ONLY_CONTINUE.test(own.expect)) return refuse(LOCAL_REPLIES.expectation);
  if (own.connection !== undefined) fields = withoutNamed(own.connection, fields);
  if (own.via?.includes(settings.viaName) === true) return refuse(LOCAL_REPLIES.loop);
  const maxForwards = method === 'OPTIONS' || method === 'TRACE' ? hopsLeft(fields) : undefined;
  if (maxForwards !== undefined) fields = without(MAX_FORWARDS, fields);
  return {
    ok: true,
    host,
    path: target.path,
    target: target.target,
    requestId: own.requestId ?? settings.makeRequestId(),
    fields,
    via: own.via,
    authority,
    body,
    // HTTP/1.0 has no interim responses: the expectation has no effect there (RFC 9110 §10.1.1).
    expectContinue: minor > 0 && own.expect !== undefined && /[^\t ,]/.test(own.expect),
    persists: persists(own.connection, minor),
    closes: closesConnection(own, minor),
    protocols: requestedProtocols(own, method, minor),
    acceptsTrailers: minor > 0 && own.te !== undefined && TRAILERS.test(own.te),
    trailer: own.trailer,
    maxForwards,
  };
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

/**
 * HTTP/1.0 with both `close` and `keep-alive` closes (RFC 9112 §9.3). So does a request that asks for another protocol and is served as
 * an ordinary one, since what follows may be that protocol; node:http drops what arrives with such a head.
 */
function closesConnection({ connection, upgrade }: OwnFields, minor: number): boolean {
  if (connection === undefined) return false;
  return asksForUpgrade({ connection, upgrade }) || (minor === 0 && CLOSE.test(connection));
}

/** The value of Max-Forwards (RFC 9110 §7.6.2), if there is one only and it is a number. */
function hopsLeft(fields: ReceivedFields): number | undefined {
  const [value = '', ...more] = fields.all(MAX_FORWARDS);
  return more.length === 0 && /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
}

function refuse(reply: RefusalReply): RefusedHead {
  return { ok: false, reply };
}

function bad(text: string): RefusedHead {
  return refuse(badRequest(text));
}
