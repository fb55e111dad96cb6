/** A backend's 101 (Switching Protocols), checked, as it goes on to the client. PURE. */
import { readResponseHead } from './response-head.ts';

export interface Handshake {
  /** Names and values in turn, without those of this hop. */
  readonly headers: string[];
  /** What is spoken from now on. */
  readonly protocol: string;
}

const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** A 101 has no body that they could be about (RFC 9110 §8.6). */
const FRAMING = /^(?:content-length|transfer-encoding|trailer)$/i;

/**
 * The handshake, or a sentence that says why it must not go on.
 * @param raw names and values in turn, as received.
 * @param asked for by the client, separated by commas.
 */
export function readHandshake(raw: readonly string[], minor: number, asked: string): Handshake | string {
  const head = readResponseHead(raw, minor, 101);
  if (head.fault !== undefined) return head.fault;
  if (minor === 0) return '101 of HTTP/1.0';
  let protocol: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== 'upgrade') continue;
    protocol = protocol === undefined ? raw[i + 1] : `${protocol}, ${raw[i + 1]}`;
  }
  const wanted = asked.split(',').map((one) => one.trim().toLowerCase());
  if (protocol === undefined || !wanted.includes(protocol.trim().toLowerCase())) return '101 for what was not asked for';
  const headers: string[] = [];
  for (let i = 0; i + 1 < head.headers.length; i += 2) {
    const [name = '', value = ''] = head.headers.slice(i, i + 2);
    if (!VALUE.test(value)) return `a malformed field ${name}`;
    if (!FRAMING.test(name)) headers.push(name, value);
  }
  return { headers, protocol: protocol.trim() };
}

/** The head as the client gets it. */
export function formatHandshake(headers: readonly string[], protocol: string): Buffer {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${protocol}`];
  for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
