/**
 * A response head of HTTP/1 for the client: hop-by-hop fields removed, everything else as the backend wrote it. PURE.
 *
 * Heads that can be read in more than one way have a fault. node:http refuses most of them; but it reads a body with an unknown
 * coding until the connection closes, accepts lengths beyond the range of a number, and omits fields after the thousandth.
 */

export interface ResponseFields {
  /** End-to-end fields and Content-Length: names and values, alternating; names as the backend wrote them. */
  readonly list: string[];
  /** Milliseconds for which the backend keeps the connection; Infinity if it does not say. */
  readonly keepAlive: number;
  /** Values of Trailer. */
  readonly trailer: string | undefined;
  readonly hasLength: boolean;
  /** A body that is not allowed may follow, and would be read as the next response: the connection is not reused. */
  readonly last: boolean;
  /** Why the response must not be forwarded; undefined: it may be. */
  readonly fault: string | undefined;
}

/** The most names and values that node:http reports. */
const MAX_RAW = 2000;

const KEEP_ALIVE_TIMEOUT = /(?:^|[,\s])timeout=(\d{1,9})/i;

/** @param minor the minor version, 0 or 1. */
export function readResponseFields(raw: readonly string[], minor: number, status: number): ResponseFields {
  const headers: string[] = [];
  let connection: string | undefined;
  let keepAlive = Infinity;
  let trailer: string | undefined;
  let hasLength = false;
  let coding: string | undefined;
  let fault = raw.length >= MAX_RAW ? 'too many fields' : undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    // By length first: most fields can be distinguished without a lower-case copy.
    switch (name.length) {
      case 7:
        if (is(name, 'upgrade')) continue;
        if (is(name, 'trailer')) {
          trailer = trailer === undefined ? value : `${trailer}, ${value}`;
          continue;
        }
        break;
      case 10:
        if (is(name, 'connection')) {
          connection = connection === undefined ? value : `${connection},${value}`;
          continue;
        }
        if (is(name, 'keep-alive')) {
          const timeout = KEEP_ALIVE_TIMEOUT.exec(value)?.[1];
          if (timeout !== undefined) keepAlive = Number(timeout) * 1000;
          continue;
        }
        break;
      case 14:
        if (is(name, 'content-length')) {
          hasLength = true;
          if (value.length > 15) fault = 'Content-Length is too large';
        }
        break;
      case 16:
        if (is(name, 'proxy-connection')) continue;
        break;
      case 17:
        if (is(name, 'transfer-encoding')) {
          coding = coding === undefined ? value : `${coding}, ${value}`;
          continue;
        }
        break;
    }
    headers.push(name, value);
  }
  if (coding !== undefined) {
    if (minor === 0) fault = 'Transfer-Encoding does not exist in HTTP/1.0';
    else if (coding !== 'chunked' && coding.toLowerCase() !== 'chunked') fault = `transfer coding ${coding}`;
  }
  const last = status === 204 && (hasLength || coding !== undefined);
  const kept = connection === undefined ? headers : withoutNamed(headers, connection);
  return { list: kept, keepAlive, trailer, hasLength, last, fault };
}

function is(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}

/** Without the fields that Connection names, which belong to this hop only. Content-Length always stays. */
function withoutNamed(headers: string[], connection: string): string[] {
  if (/^(?:keep-alive|close)$/i.test(connection)) return headers;
  const named = new Set(connection.split(',').map((token) => token.trim().toLowerCase()));
  named.delete('content-length');
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!named.has((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}
