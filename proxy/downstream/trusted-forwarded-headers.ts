/** What proxies in front tell of a client's own connection, in X-Forwarded-*: read only where listener.clientAddress says so. */
import type { Trust } from './client-address.ts';
import type { Headers } from '../http1/request-head.ts';
import { parseHost } from '../http1/authority.ts';

export interface Told {
  readonly clientAddress: string;
  /** What goes on as X-Forwarded-For: the list as it came, and the peer. */
  readonly forwardedFor: string;
  /** Absent where it was not there, is there twice, or is malformed: then ours takes its place. */
  readonly proto: string | undefined;
  readonly port: string | undefined;
  readonly host: string | undefined;
}

const SHORTEST = 'x-forwarded-for'.length;
const LONGEST = 'x-forwarded-proto'.length;

/**
 * Undefined for a peer that is not believed.
 * @param raw names and values in turn, as received: Connection may name these fields, which must not make us forget the client.
 */
export function readTold(raw: readonly string[], peer: string, trust: Trust): Told | undefined {
  if (!trust.believes(peer)) return undefined;
  const found: Record<string, string | undefined> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const { length } = raw[i] as string;
    if (length < SHORTEST || length > LONGEST) continue;
    const name = (raw[i] as string).toLowerCase();
    if (!name.startsWith('x-forwarded-')) continue;
    // Several lines are one list (RFC 9110 §5.3), which for all but X-Forwarded-For is malformed.
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

/** Lays over our own fields what was told; in place. */
export function keepTold(headers: Headers, told: Told): void {
  headers['x-forwarded-for'] = told.forwardedFor;
  if (told.proto !== undefined) headers['x-forwarded-proto'] = told.proto;
  if (told.port !== undefined) headers['x-forwarded-port'] = told.port;
  if (told.host !== undefined) headers['x-forwarded-host'] = told.host;
}

function readProto(value: string | undefined): string | undefined {
  return value !== undefined && /^(?:https?|wss?)$/i.test(value) ? value.toLowerCase() : undefined;
}

function readPort(value: string | undefined): string | undefined {
  return value !== undefined && /^[1-9][0-9]{0,4}$/.test(value) && Number(value) <= 65_535 ? value : undefined;
}

function readHost(value: string | undefined): string | undefined {
  // A comma may stand in a host name by its grammar, but here it is a list.
  return value !== undefined && value !== '' && !value.includes(',') && parseHost(value) !== undefined ? value : undefined;
}
