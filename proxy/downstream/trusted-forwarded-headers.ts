/** X-Forwarded-* of proxies in front, about the client's own connection: read only if listener.clientAddress trusts the peer. */
import type { Trust } from './client-address.ts';
import { parseHost } from '../http1/authority.ts';
import type { FieldRecord } from '../message/fields.ts';
import { FORWARDED_PORT, FORWARDED_PROTO } from '../snapshot/request-grammar.ts';

export interface TrustedForwarded {
  readonly clientAddress: string;
  /** The X-Forwarded-For that is sent: the list as received, with the peer appended. */
  readonly forwardedFor: string;
  /** Undefined if it was absent, repeated or malformed: the proxy's own value is sent instead. */
  readonly proto: string | undefined;
  readonly port: string | undefined;
  readonly host: string | undefined;
}

const PROTO = new RegExp(`^(?:${FORWARDED_PROTO})$`, 'i');
const PORT = new RegExp(`^(?:${FORWARDED_PORT})$`);
const SHORTEST = 'x-forwarded-for'.length;
const LONGEST = 'x-forwarded-proto'.length;

/**
 * Undefined for a peer that is not trusted.
 * @param raw names and values, alternating, as received: Connection may name these fields, which must not make the proxy ignore them.
 */
export function readTrustedForwarded(raw: readonly string[], peer: string, trust: Trust): TrustedForwarded | undefined {
  if (!trust.trusts(peer)) return undefined;
  const found: Record<string, string | undefined> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const { length } = raw[i] as string;
    if (length < SHORTEST || length > LONGEST) continue;
    const name = (raw[i] as string).toLowerCase();
    if (!name.startsWith('x-forwarded-')) continue;
    // Repeated fields are one list (RFC 9110 §5.3), which is malformed for all but X-Forwarded-For.
    found[name] = name in found ? `${found[name]}, ${raw[i + 1]}` : raw[i + 1];
  }
  const list = found['x-forwarded-for'] ?? '';
  return {
    clientAddress: trust.clientOf(peer, list),
    forwardedFor: list === '' ? peer : `${list}, ${peer}`,
    proto: readProto(found['x-forwarded-proto']),
    port: readPort(found['x-forwarded-port']),
    host: readHost(found['x-forwarded-host']),
  };
}

/** Replaces the proxy's own fields by what a trusted peer sent; in place. */
export function keepTrustedForwarded(fields: FieldRecord, f: TrustedForwarded): void {
  fields['x-forwarded-for'] = f.forwardedFor;
  if (f.proto !== undefined) fields['x-forwarded-proto'] = f.proto;
  if (f.port !== undefined) fields['x-forwarded-port'] = f.port;
  if (f.host !== undefined) fields['x-forwarded-host'] = f.host;
}

function readProto(value: string | undefined): string | undefined {
  return value !== undefined && PROTO.test(value) ? value.toLowerCase() : undefined;
}

function readPort(value: string | undefined): string | undefined {
  return value !== undefined && PORT.test(value) ? value : undefined;
}

function readHost(value: string | undefined): string | undefined {
  // The grammar of host names allows a comma, but here it separates the entries of a list.
  return value !== undefined && value !== '' && !value.includes(',') && parseHost(value) !== undefined ? value : undefined;
}
