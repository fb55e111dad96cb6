/**
 * The fields of a response that concern its connection or the framing of its body, and what they say: the same rules for heads that
 * node:http has parsed and for those that this folder has. PURE.
 */
import { trimOws } from './ows.ts';
import { CONTENT_LENGTH } from '../snapshot/request-grammar.ts';

const NAMES = [
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
] as const;
export type ConnectionFieldName = (typeof NAMES)[number];

/** The names of each length: most other fields can be told from them by that alone. */
export const CONNECTION_FIELDS: readonly (readonly ConnectionFieldName[] | undefined)[] = Array.from(
  { length: 18 },
  (_, length) => {
    const names = NAMES.filter((name) => name.length === length);
    return names.length > 0 ? names : undefined;
  },
);

const LENGTH = new RegExp(`^${CONTENT_LENGTH}$`);
const KEEP_ALIVE_TIMEOUT = /(?:^|[,\s])timeout=(\d{1,9})/i;
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;
const KEEP = /(?:^|,)[\t ]*keep-alive[\t ]*(?:,|$)/i;

export class ConnectionFields {
  /** Milliseconds for which the backend keeps the connection; Infinity if it does not say. */
  keepAlive = Infinity;
  /** Values of Trailer. */
  trailer: string | undefined;
  #connection: string | undefined;
  #coding: string | undefined;
  #length: string | undefined;
  #lengths = 0;

  /** Notes a field. Returns whether it is forwarded: only the length of a body is. */
  take(name: ConnectionFieldName, value: string): boolean {
    switch (name) {
      case 'connection':
        this.#connection = joined(this.#connection, value);
        break;
      case 'trailer':
        this.trailer = joined(this.trailer, value);
        break;
      case 'transfer-encoding':
        this.#coding = joined(this.#coding, value);
        break;
      case 'keep-alive': {
        const timeout = KEEP_ALIVE_TIMEOUT.exec(value)?.[1];
        if (timeout !== undefined) this.keepAlive = Number(timeout) * 1000;
        break;
      }
      case 'content-length':
        this.#length = value;
        this.#lengths++;
        return true;
      case 'proxy-connection':
      case 'upgrade':
        break;
    }
    return false;
  }

  get hasLength(): boolean {
    return this.#length !== undefined;
  }

  /** Content-Length; undefined: there is none. Only where there is no fault. */
  get length(): number | undefined {
    return this.#length === undefined ? undefined : Number(this.#length);
  }

  get chunked(): boolean {
    return this.#coding !== undefined;
  }

  /**
   * Why the response can be read in more than one way; undefined: it cannot.
   * @param minor the minor version, 0 or 1.
   */
  fault(minor: number): string | undefined {
    if (this.#lengths > 1) return 'Content-Length occurs more than once';
    if (this.#length !== undefined && !LENGTH.test(this.#length)) return `Content-Length ${this.#length}`;
    const coding = this.#coding;
    if (coding === undefined) return undefined;
    if (minor === 0) return 'Transfer-Encoding does not exist in HTTP/1.0';
    if (coding !== 'chunked' && coding.toLowerCase() !== 'chunked') return `transfer coding ${coding}`;
    return this.#length === undefined ? undefined : 'Transfer-Encoding and Content-Length contradict each other';
  }

  /** The backend keeps the connection (RFC 9112 §9.3). */
  persists(minor: number): boolean {
    return persists(this.#connection, minor);
  }

  /** In lower case: the fields that Connection names, which belong to this hop only. Content-Length always stays. */
  named(): ReadonlySet<string> | undefined {
    if (this.#connection === undefined || /^(?:keep-alive|close)$/i.test(this.#connection)) return undefined;
    const named = new Set(this.#connection.split(',').map((token) => trimOws(token).toLowerCase()));
    named.delete('content-length');
    return named;
  }
}

/** Whether the sender of a message keeps its connection. `connection`: the values of Connection, separated by commas. */
export function persists(connection: string | undefined, minor: number): boolean {
  if (connection === undefined) return minor > 0;
  return !CLOSE.test(connection) && (minor > 0 || KEEP.test(connection));
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
