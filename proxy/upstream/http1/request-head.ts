/** The head of the request of one try. */
import { formatFields, formatList } from '../../http1/format.ts';
import type { Target } from '../../message/attempt.ts';
import type { RequestBody } from '../../message/request-body.ts';
import { connectionOf } from '../../message/request-head.ts';
import type { RequestHead } from '../../message/request-head.ts';

const START = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+ HTTP\/1\.1$/;
/** Servers may refuse these without a length, even of 0 (RFC 9110 §8.6). */
const HAS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The head, each character one byte; undefined: HTTP/1 cannot carry it.
 * @param body undefined: there is none.
 */
export function formatRequestHead(head: RequestHead, body: RequestBody | undefined, target: Target): string | undefined {
  const start = `${head.method} ${head.target} HTTP/1.1`;
  if (!START.test(start)) return undefined;
  const own = ['host', head.authority ?? hostOf(target)];
  if (head.acceptsTrailers) own.push('te', 'trailers');
  if (head.protocol !== undefined) own.push('upgrade', head.protocol);
  const connection = connectionOf(head);
  if (connection !== undefined) own.push('connection', connection);
  if (body?.awaitsContinue === true) own.push('expect', '100-continue');
  if (body && body.length === undefined && head.trailer !== undefined) own.push('trailer', head.trailer);
  const ownLines = formatList(own);
  const lines = formatFields(head.fields, 'content-length');
  if (ownLines === undefined || lines === undefined) return undefined;
  return `${start}\r\n${ownLines}${lines}${framing(head.method, body)}\r\n`;
}

/** It says what is sent, whatever the client said. */
function framing(method: string, body: RequestBody | undefined): string {
  if (body === undefined) return HAS_BODY.has(method) ? 'content-length: 0\r\n' : '';
  return body.length === undefined ? 'transfer-encoding: chunked\r\n' : `content-length: ${body.length}\r\n`;
}

function hostOf({ address, port }: Target): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
