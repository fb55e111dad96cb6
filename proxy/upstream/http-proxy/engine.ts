/**
 * http-proxy-3, used for what it does well: it makes the outgoing request. It is given stand-ins for the client's request and response,
 * so it can leave no listener on the real ones, discard no body and write no head. http-proxy-quirks.test.ts tests by name what each
 * line is for.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { ProxyServer } from 'http-proxy-3';
import type { ConnectionUser, PoolAgent } from './agent.ts';
import type { RequestHead } from '../../message/request-head.ts';

// This variable would send everything through its fetch path, which corrupts responses.
delete process.env['FORCE_FETCH_PATH'];

const proxy = new ProxyServer({});

/** Response heads may be as large as request heads. */
const MAX_HEAD_BYTES = 64 * 1024;

const socket = { destroyed: false } as const;
/** The library's listeners on the client's side are not wanted: the attempt has its own. */
const ignore = () => undefined;
const standInResponse = { on: ignore, headersSent: false, finished: false, writableFinished: true };
const noErrors = () => undefined;

/**
 * Starts one request to `user.target` and returns it before its head is written: the body is the caller's, and so are further fields.
 * Errors arrive as events of the returned request; only what can never work (a malformed address) throws.
 */
export function startRequest(head: RequestHead, user: ConnectionUser, agent: PoolAgent): ClientRequest {
  let started: ClientRequest | undefined;
  const { address, port } = user.target;
  const request = {
    method: methodToStartWith(head.method),
    url: '/',
    headers: fieldsOf(head),
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
      // Its own way with paths drops an empty query and resolves %2e%2e: '/' goes through unharmed and is replaced afterwards.
      toProxy: true,
      selfHandleResponse: true,
      // The one place that hands out the outgoing request before anything is sent, whatever Expect says.
      buffer: { pipe: (clientRequest: ClientRequest) => (started = clientRequest) } as never,
      ssl: { connectionUser: user, maxHeaderSize: MAX_HEAD_BYTES },
    },
    noErrors,
  );
  if (!started) throw new Error('http-proxy-3 did not start a request');
  started.method = head.method;
  started.path = head.target;
  return started;
}

/**
 * The library gives DELETE and OPTIONS a Content-Length of 0 and takes Transfer-Encoding away, whatever their body: chunks would become
 * a second request. It does so by the method that it is given, so these start as GET, which node:http treats as it does them.
 */
function methodToStartWith(method: string): string {
  return method === 'DELETE' || method === 'OPTIONS' ? 'GET' : method;
}

function fieldsOf({ authority, fields, protocol }: RequestHead): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = authority === undefined ? {} : { host: authority };
  for (const name in fields.record) record[name] = fields.record[name] as string | string[];
  if (protocol !== undefined) {
    record['connection'] = 'Upgrade';
    record['upgrade'] = protocol;
  }
  return record;
}
