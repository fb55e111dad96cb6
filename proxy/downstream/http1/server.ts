/** The client side over HTTP/1: turns sockets into exchanges. It never listens: listen.ts hands it the sockets it accepts. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { admit } from '../../http1/request-head.ts';
import type { AdmissionSettings } from '../../http1/request-head.ts';
import { Connection, connectionOf } from './connection.ts';
import { Http1Exchange } from './exchange.ts';
import { addHopHeaders, plainAddress } from '../forwarded-headers.ts';
import { isSurplus, replyToClientError, sendReply } from '../local-reply.ts';
import { keepTold, readTold } from '../trusted-forwarded-headers.ts';
import { mayUpgrade, UpgradeResponse } from './upgrade.ts';
import type { Trust } from '../client-address.ts';
import type { LocalReason, LocalReply } from '../../message/exchange.ts';

export interface Http1Settings extends AdmissionSettings {
  /** The port as the policy names it. */
  readonly port: number;
  readonly now: () => number;
  /** Asked for every request: which peers are believed about their clients; undefined: none. */
  readonly trust: () => Trust | undefined;
  readonly handle: (x: Http1Exchange) => void;
  readonly refused: (reason: LocalReason) => void;
  /** In place of TIME_LIMITS. */
  readonly limits?: Partial<TimeLimits>;
}

/** How long a client may take, ms; each has its own answer (../local-reply.ts). */
export interface TimeLimits {
  /** From the first byte of a connection, or of a request on it, to its whole head. */
  readonly headTimeout: number;
  /** How long a kept-alive connection may stay idle. */
  readonly keepAliveTimeout: number;
  /** Without progress in reading an answer that the proxy made itself. */
  readonly unreadTimeout: number;
}

const TIME_LIMITS: TimeLimits = { headTimeout: 10_000, keepAliveTimeout: 75_000, unreadTimeout: 10_000 };
/** Of a request head. */
const HEAD_BYTES = 64 * 1024;
const HEAD_COUNT = 200;
const CHECK_INTERVAL = 500;

export interface Http1Server {
  claim(socket: Socket): void;
  /** From now on every response ends its connection. */
  drain(): void;
  /** Ends connections on which no request is in progress. */
  closeIdle(): void;
  /** Ends everything at once. */
  close(): void;
}

export function createHttp1Server(s: Http1Settings): Http1Server {
  let draining = false;
  const closing = () => draining;
  const limits = { ...TIME_LIMITS, ...s.limits };
  const server = createServer({
    maxHeaderSize: HEAD_BYTES,
    headersTimeout: limits.headTimeout,
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: CHECK_INTERVAL,
    requireHostHeader: false,
    optimizeEmptyRequests: true,
    // Asked where there is an Upgrade only. Without one, the request is served as if it had not asked (RFC 9110 §7.8 allows that).
    shouldUpgradeCallback: (req) => mayUpgrade(req) && connectionOf(req.socket).idle,
  });
  // One more than allowed, so that too many can be told from just enough.
  server.maxHeadersCount = HEAD_COUNT + 1;

  const serve = (req: IncomingMessage, res: ServerResponse, connection: Connection) => {
    const judged = judge(req, s);
    if (!judged.ok) {
      s.refused(judged.reason);
      connection.end();
      sendReply(res, judged, true);
      connection.answered();
      return;
    }
    if (judged.maxForwards === 0) {
      res.on('close', () => connection.ended());
      answerHere(req, res);
      connection.answered();
      return;
    }
    const peer = plainAddress(req.socket.remoteAddress);
    const headers = addHopHeaders(judged, { peer, port: s.port, minorVersion: req.httpVersionMinor, viaName: s.viaName });
    const trust = s.trust();
    const told = trust && readTold(req.rawHeaders, peer, trust);
    if (told) keepTold(headers, told);
    const arrival = { port: s.port, clientAddress: told?.clientAddress ?? peer, closing, connection };
    const x = new Http1Exchange(req, res, judged, headers, arrival, s.now());
    if ((req as Upgradable).upgrade === true) askUpgrade(x);
    connection.exchange = x;
    s.handle(x);
  };
  const onRequest = (req: IncomingMessage, res: ServerResponse) => connectionOf(req.socket).take(req, res);
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);
  server.on('clientError', (error: Error, socket: Socket) => {
    const reply = replyToClientError(error);
    if (isSurplus(error)) connectionOf(socket).ignoreRest();
    else if (reply) connectionOf(socket).refuse(reply);
    else socket.destroy();
  });
  const upgrades = new Set<UpgradeResponse>();
  server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
    const res = new UpgradeResponse(req, socket, head);
    upgrades.add(res);
    socket.on('close', () => upgrades.delete(res));
    connectionOf(socket).take(req, res);
  });
  server.on('connect', (_req: IncomingMessage, socket: Socket) => {
    // node:http has let go of this socket.
    socket.on('error', () => socket.destroy());
    connectionOf(socket).refuse({ status: 405, reason: 'method-not-allowed', text: 'CONNECT is not supported' });
  });
  const rules = { serve, refused: (r: LocalReply) => s.refused(r.reason), unreadTimeout: limits.unreadTimeout };
  server.on('connection', (socket: Socket) => new Connection(socket, rules));
  return asHttp1Server(server, upgrades, () => (draining = true));
}

/** Whether node:http has let go of its connection, for an upgrade. */
interface Upgradable extends IncomingMessage {
  readonly upgrade?: boolean | null;
}

/** The fields were taken out with all others of the client's hop; these are for ours. */
function askUpgrade(x: Http1Exchange): void {
  x.upgrade = x.res as UpgradeResponse;
  x.headers['connection'] = 'Upgrade';
  x.headers['upgrade'] = x.upgrade.protocols;
}

function judge(req: IncomingMessage, s: Http1Settings): ReturnType<typeof admit> {
  if (req.httpVersionMajor !== 1 || req.httpVersionMinor > 1) {
    return { ok: false, status: 400, reason: 'bad-request', text: 'only HTTP/1.0 and HTTP/1.1 are spoken here' };
  }
  if (req.rawHeaders.length > 2 * HEAD_COUNT) {
    return { ok: false, status: 431, reason: 'headers-too-large', text: `more than ${HEAD_COUNT} header fields` };
  }
  return admit(req.method as string, req.url as string, req.httpVersionMinor, req.rawHeaders, s);
}

/** Max-Forwards has run out: the proxy is the last recipient of an OPTIONS or TRACE. */
function answerHere(req: IncomingMessage, res: ServerResponse): void {
  if (req.method === 'TRACE') {
    // An echo could hand credentials to a script (cross-site tracing): only the request line comes back.
    res.writeHead(200, { 'content-type': 'message/http' });
    res.end(`TRACE ${req.url ?? ''} HTTP/${req.httpVersion}\r\n\r\n`);
    return;
  }
  res.writeHead(204, { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' });
  res.end();
}

function asHttp1Server(server: Server, upgrades: ReadonlySet<UpgradeResponse>, drain: () => void): Http1Server {
  // node:http starts the checks of headersTimeout when its server listens; this one never does itself.
  server.emit('listening');
  return {
    claim: (socket) => void server.emit('connection', socket),
    drain,
    closeIdle: () => server.closeIdleConnections(),
    close: () => {
      server.closeAllConnections();
      for (const upgrade of upgrades) upgrade.close();
      // Stops the checks; the error says that the server never listened.
      server.close(() => undefined);
    },
  };
}
