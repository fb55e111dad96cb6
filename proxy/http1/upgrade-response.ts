/** Checks a backend's 101 (Switching Protocols) and reads its fields for the client. PURE. */
import { createHash } from 'node:crypto';
import { trimOws } from './ows.ts';
import { readResponseFields } from './response-head.ts';

export interface UpgradeFields {
  /** Names and values, alternating, without hop-by-hop fields. */
  readonly list: string[];
  /** The protocol of the tunnel. */
  readonly protocol: string;
}

const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
/** A 101 has no body, so these fields are dropped (RFC 9110 §8.6). */
const FRAMING = /^(?:content-length|transfer-encoding|trailer)$/i;

/**
 * The fields of the response, or a sentence that says why it must not be forwarded.
 * @param raw names and values, alternating, as received.
 * @param requested the protocols that the client asked for, separated by commas.
 * @param keys values of Sec-WebSocket-Key of the request. The answer to it is checked only if there is exactly one, of the form that RFC
 *   6455 asks for: backends differ in what they make of others, and a client could make a healthy one appear malformed.
 */
export function readUpgradeResponse(
  raw: readonly string[],
  minor: number,
  requested: string,
  keys: readonly string[] = [],
): UpgradeFields | string {
  const [key, ...more] = keys;
  const head = readResponseFields(raw, minor, 101);
  if (head.fault !== undefined) return head.fault;
  if (minor === 0) return '101 of HTTP/1.0';
  if (!/(?:^|,)[\t ]*upgrade[\t ]*(?:,|$)/i.test(joined(raw, 'connection') ?? '')) return '101 without Connection: Upgrade';
  const named = joined(raw, 'upgrade');
  const protocol = named === undefined ? undefined : trimOws(named);
  const allowed = requested.split(',').map((one) => trimOws(one).toLowerCase());
  if (protocol === undefined || !allowed.includes(protocol.toLowerCase())) return '101 for a protocol that was not asked for';
  if (key !== undefined && more.length === 0 && KEY.test(key) && /^websocket$/i.test(protocol) && !acceptsKey(head.list, key))
    return '101 whose Sec-WebSocket-Accept is missing or wrong';
  const list: string[] = [];
  for (let i = 0; i + 1 < head.list.length; i += 2) {
    const [name = '', value = ''] = head.list.slice(i, i + 2);
    if (!VALUE.test(value)) return `a malformed field ${name}`;
    if (!FRAMING.test(name)) list.push(name, value);
  }
  return { list, protocol };
}

/** The values of a field. */
function joined(raw: readonly string[], lower: string): string | undefined {
  const values = raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === lower);
  return values.length === 0 ? undefined : values.join(', ');
}

/** Whether the backend has read the handshake (RFC 6455 §4.2.2): without the right value, a client must fail the connection. */
function acceptsKey(fields: readonly string[], key: string): boolean {
  const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return joined(fields, 'sec-websocket-accept') === expected;
}
