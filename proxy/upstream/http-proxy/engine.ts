/**
 * Uses http-proxy-3 to make the outgoing request. The library receives stand-ins for the client's request and response, so it cannot
 * leave listeners on the real ones, discard a body or write a head. http-proxy-quirks.test.ts has a test for the reason of each line.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { ProxyServer } from 'http-proxy-3';
import type { ConnectionUser, PoolAgent } from './agent.ts';
import { fieldPairs } from '../../message/fields.ts';
import type { Fields } from '../../message/fields.ts';
import { connectionOf } from '../../message/request-head.ts';
import type { RequestHead } from '../../message/request-head.ts';

// This variable would select the library's fetch path, which corrupts responses.
delete process.env['FORCE_FETCH_PATH'];

const proxy = new ProxyServer({});

/** Response heads may be as large as request heads. */
const MAX_HEAD_BYTES = 64 * 1024;

const socket = { destroyed: false } as const;
/** The library's listeners on the client's side are ignored: the attempt has its own. */
const ignore = () => undefined;
const standInResponse = { on: ignore, headersSent: false, finished: false, writableFinished: true };
const noErrors = () => undefined;

/**
 * Starts one request to `user.target` and returns it before its head is written: the caller adds further fields and the body.
 * Errors are events of the returned request; only a malformed address throws.
 */
export function startRequest(head: RequestHead, user: ConnectionUser, agent: PoolAgent): ClientRequest {
  let started: ClientRequest | undefined;
  const { address, port } = user.target;
  const request = {
    method: methodToStartWith(head.method),
    url: '/',
    // The library copies them, and what it would change it changes for DELETE and OPTIONS only (see below).
    headers: toHeaders(head.fields),
    httpVersionMajor: 1,
    socket,
    on: ignore,
  };
  proxy.web(
    request as unknown as IncomingMessage,
    standInResponse as unknown as ServerResponse,
    {
      target: { host: address, port, protocol: 'http:' },
      agent,
      // The library drops an empty query and resolves %2e%2e: it receives '/', and the path is set afterwards.
      toProxy: true,
      selfHandleResponse: true,
      // The only option that gives access to the outgoing request before anything is sent, also with Expect.
      buffer: { pipe: (clientRequest: ClientRequest) => (started = clientRequest) } as never,
      // Without an authority, node:http makes the Host field of the backend's address.
      ssl: { connectionUser: user, maxHeaderSize: MAX_HEAD_BYTES, setHost: head.authority === undefined },
    },
    noErrors,
  );
  if (!started) throw new Error('http-proxy-3 did not start a request');
  started.method = head.method;
  started.path = head.target;
  if (head.authority !== undefined) started.setHeader('host', head.authority);
  if (head.acceptsTrailers) started.setHeader('te', 'trailers');
  if (head.protocol !== undefined) started.setHeader('upgrade', head.protocol);
  const connection = connectionOf(head);
  if (connection !== undefined) started.setHeader('connection', connection);
  return started;
}

/**
 * The library sets Content-Length: 0 on DELETE and OPTIONS and removes Transfer-Encoding, whatever their body: the chunks would be read
 * as a second request. node:http adds a length of 0 to methods that usually have a body, to which it counts PROPFIND. Both decide by the
 * method they receive, so all others start as GET.
 */
function methodToStartWith(method: string): string {
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? method : 'GET';
}

/**
 * In the form of node:http: lines of one field, however their names are spelled, are one list. It writes cookies in one line, and would
 * decode a Content-Disposition that comes after the length.
 */
function toHeaders(fields: Fields): Record<string, string | string[]> {
  const headers = Object.create(null) as Record<string, string | string[]>;
  const spellings = new Map<string, string>();
  for (const [name, value] of fieldPairs(fields.list())) {
    const lower = name.toLowerCase();
    const spelling = spellings.get(lower);
    spellings.set(lower, spelling ?? name);
    headers[spelling ?? name] = spelling === undefined ? value : [headers[spelling] as string | string[], value].flat();
  }
  const length = spellings.get('content-length');
  if (length === undefined) return headers;
  const { [length]: value, ...others } = headers;
  return { ...others, [length]: value as string };
}
