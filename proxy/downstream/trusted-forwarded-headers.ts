/**
 * What proxies in front state about the client's own connection, in X-Forwarded-* or in Forwarded: read only if listener.clientAddress
 * trusts the peer.
 */
import { entriesFromTheRight } from './client-address.ts';
import type { Trust } from './client-address.ts';
import { parseForwarded } from './forwarded-field.ts';
import { parseHost, portOf } from '../http1/authority.ts';
import type { Fields } from '../message/fields.ts';
import { DEFAULT_PORTS } from '../message/request-head.ts';
import type { RequestHead } from '../message/request-head.ts';
import { FORWARDED_PORT, FORWARDED_PROTO } from '../snapshot/request-grammar.ts';

/** The proxy's own connection, and the Host of the request. */
export interface OwnConnection extends Pick<RequestHead, 'scheme' | 'port' | 'authority'> {
  readonly peer: string;
}

/** What the peer states. Undefined: nothing, or it is repeated or malformed. */
interface Statement {
  readonly clientAddress: string;
  /** The X-Forwarded-For that is sent: the list, with the peer appended. */
  readonly forwardedFor: string;
  readonly proto: string | undefined;
  readonly port: number | undefined;
  readonly host: string | undefined;
}

export interface TrustedForwarded extends Statement {
  /** Of the client's connection, as far as it is known; else of the proxy's own. */
  readonly scheme: RequestHead['scheme'];
  readonly port: number;
}

const PROTO = new RegExp(`^(?:${FORWARDED_PROTO})$`, 'i');
const PORT = new RegExp(`^(?:${FORWARDED_PORT})$`);
const FORWARDED = 'forwarded';
const SHORTEST = 'x-forwarded-for'.length;
const LONGEST = 'x-forwarded-proto'.length;

/**
 * Undefined for a peer that is not trusted.
 * @param received all fields: Connection may name some of these, which must not make the proxy ignore them.
 */
export function readTrustedForwarded(
  received: Pick<Fields, 'list'>,
  own: OwnConnection,
  trust: Trust,
): TrustedForwarded | undefined {
  if (!trust.trusts(own.peer)) return undefined;
  const stated = readStatement(collect(received.list()), own.peer, trust);
  const { proto } = stated;
  if (proto === undefined) return { ...stated, scheme: own.scheme, port: stated.port ?? own.port };
  const scheme = proto === 'https' || proto === 'wss' ? 'https' : 'http';
  // The listener's port belongs to the own connection's scheme, not to this one.
  const port = stated.port ?? portOf(own.authority ?? '') ?? DEFAULT_PORTS[scheme];
  return { ...stated, scheme, port };
}

type Found = Readonly<Record<string, string | undefined>>;

/** The fields by their names in lower case. */
function collect(raw: readonly string[]): Found {
  const found: Record<string, string | undefined> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const { length } = raw[i] as string;
    if ((length < SHORTEST || length > LONGEST) && length !== FORWARDED.length) continue;
    const name = (raw[i] as string).toLowerCase();
    if (!name.startsWith('x-forwarded-') && name !== FORWARDED) continue;
    // Repeated fields are one list (RFC 9110 §5.3), which is malformed for all but X-Forwarded-For and Forwarded.
    found[name] = name in found ? `${found[name]}, ${raw[i + 1]}` : raw[i + 1];
  }
  return found;
}

/**
 * Forwarded counts only in a request without any of the others. A proxy in front that writes X-Forwarded-* may forward a client's
 * Forwarded untouched: if both were read, a client could state what that proxy does not, such as a scheme.
 */
function readStatement(found: Found, peer: string, trust: Trust): Statement {
  const list = found['x-forwarded-for'];
  const proto = found['x-forwarded-proto'];
  const port = found['x-forwarded-port'];
  const host = found['x-forwarded-host'];
  const forwarded = found[FORWARDED];
  if (forwarded !== undefined && (list ?? proto ?? port ?? host) === undefined) return readForwarded(forwarded, peer, trust);
  return {
    clientAddress: trust.read(entriesFromTheRight(list ?? '')).address ?? peer,
    forwardedFor: list === undefined || list === '' ? peer : `${list}, ${peer}`,
    proto: readProto(proto),
    port: readPort(port),
    host: readHost(host),
  };
}

/** The element of the outermost trusted proxy says how the client connected to it, also where it hides the client's address. */
function readForwarded(text: string, peer: string, trust: Trust): Statement {
  const elements = text === '' ? [] : (parseForwarded(text) ?? []);
  const { address, outermost } = trust.read(elements.toReversed());
  const proto = readProto(outermost?.proto);
  const host = readHost(outermost?.host);
  return {
    clientAddress: address ?? peer,
    forwardedFor: [...elements.map(({ node }) => node), peer].join(', '),
    proto,
    port: proto === undefined ? undefined : portOf(host ?? ''),
    host,
  };
}

function readProto(value: string | undefined): string | undefined {
  return value !== undefined && PROTO.test(value) ? value.toLowerCase() : undefined;
}

function readPort(value: string | undefined): number | undefined {
  return value !== undefined && PORT.test(value) ? Number(value) : undefined;
}

function readHost(value: string | undefined): string | undefined {
  // The grammar of host names allows a comma, but here it separates the entries of a list.
  return value !== undefined && value !== '' && !value.includes(',') && parseHost(value) !== undefined ? value : undefined;
}
