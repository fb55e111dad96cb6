/** All cases from client to backend: those of the contract suite that other proxies answer too, and more. */
import { REQUESTS as CONTRACT } from '../../proxy/contract/test-requests.ts';
import { BODIES } from './request-bodies.ts';
import { LAST } from './request-case.ts';
import type { DifferentialRequest } from './request-case.ts';
import { CONNECTIONS } from './request-connections.ts';
import { HEADS } from './request-heads.ts';

/** Cases of the contract suite that are not compared (README.md, Choices). */
export const NOT_COMPARED: ReadonlySet<string> = new Set([
  'the preface of HTTP/2',
  'HTTP/0.9',
  'chunked on HTTP/1.0',
  'a trailer with a space before the colon',
  'a head of nearly 64 KiB',
  'CONNECT',
  'pipelined: CONNECT after a good request',
  'Max-Forwards 0, and a protocol that is not switched to',
  'the name of this proxy in Via',
  'a value with NUL',
  'a Content-Length beyond 64 bit',
  'a bare LF in a chunk extension',
  'fields that Connection names are dropped',
  'what only a trusted proxy in front may state is replaced',
  'names with underscores that hide a field of the proxy, which are dropped',
  'Content-Length: 5 in trailers, where it means nothing, which is dropped',
  'Transfer-Encoding: chunked in trailers, where it means nothing, which is dropped',
  'trailers that belong in a head, which are dropped',
  'trailers that would hide a field of the proxy, which are dropped',
  ...['Connection: close', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Host: b'].map(
    (field) => `pipelined: a request after one with ${field} in its trailers, where it means nothing`,
  ),
]);

/** Every proxy closes the connection at the end. */
function closing({ what, send }: DifferentialRequest): DifferentialRequest {
  return typeof send !== 'string' || /Connection: close|HTTP\/1\.0\r\n\r\n$/.test(send)
    ? { what, send }
    : { what, send: send + LAST };
}

export const REQUESTS: readonly DifferentialRequest[] = [
  ...CONTRACT.filter(({ what }) => !NOT_COMPARED.has(what)).map(({ what, send }) => closing({ what, send })),
  ...HEADS,
  ...BODIES,
  ...CONNECTIONS,
];
