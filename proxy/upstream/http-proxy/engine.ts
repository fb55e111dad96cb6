/**
 * http-proxy-3, held so that it does only what it does well: make the outgoing request. It is given stand-ins for the client's
 * request and response, so it can leave no listener on the real ones, throw away no body and write no head. What each line is for
 * is tested by name in http-proxy-quirks.test.ts.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { ProxyServer } from 'http-proxy-3';
import type { Headers } from '../../http1/request-head.ts';
import type { Applicant, Connections } from '../connection-pool.ts';

// This variable would send everything through its fetch path, which corrupts responses.
delete process.env['FORCE_FETCH_PATH'];

/** Only the pass that sends: deleteLength turns a chunked DELETE into a smuggled request, timeout and XHeaders are done here. */
function onlyStream(): ProxyServer {
  const proxy = new ProxyServer({});
  const passes = (proxy as unknown as { webPasses: { name: string }[] }).webPasses;
  const stream = passes.at(-1);
  if (passes.length !== 4 || !stream) throw new Error('http-proxy-3 has other passes than the four this was written for');
  passes.splice(0, 3);
  return proxy;
}

const proxy = onlyStream();

interface StandInRequest {
  method: string;
  url: string;
  headers: Headers;
  httpVersionMajor: 1;
  socket: { destroyed: false };
  on(): void;
}

const socket = { destroyed: false } as const;
/** Its listeners on the client's side are not wanted: the attempt has its own. */
const ignore = () => undefined;
const standInResponse = { on: ignore, headersSent: false, finished: false, writableFinished: true };
const noErrors = () => undefined;

/**
 * Starts one request to `applicant.target` and returns it before its head is written: path, fields and body are the caller's.
 * Errors arrive as events of the returned request; only what can never work (a malformed address) throws.
 */
export function startRequest(method: string, headers: Headers, applicant: Applicant, agent: Connections): ClientRequest {
  let started: ClientRequest | undefined;
  const { address, port } = applicant.target;
  const request: StandInRequest = { method, url: '/', headers, httpVersionMajor: 1, socket, on: ignore };
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
      ssl: { applicant, maxHeaderSize: 64 * 1024 },
    },
    noErrors,
  );
  if (!started) throw new Error('http-proxy-3 did not start a request');
  return started;
}
