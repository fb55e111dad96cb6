/**
 * Uses http-proxy-3 to make the outgoing request. The library receives stand-ins for the client's request and response, so it cannot
 * leave listeners on the real ones, discard a body or write a head. http-proxy-quirks.test.ts has a test for the reason of each line.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { ProxyServer } from 'http-proxy-3';
import type { ConnectionUser, PoolAgent } from './agent.ts';
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
    // Shared by all tries: the library copies them, and what it would change it changes for DELETE and OPTIONS only (see below).
    headers: head.fields.record,
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
  if (head.protocol !== undefined) {
    started.setHeader('connection', 'Upgrade');
    started.setHeader('upgrade', head.protocol);
  }
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
