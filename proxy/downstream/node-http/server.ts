/** The client's side over HTTP/1: makes exchanges from sockets. It does not listen: listener.ts passes accepted sockets to it. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Connection, connectionOf } from './connection.ts';
import { Http1Exchange } from './exchange.ts';
import { isSurplus, isTruncated, replyToParserError } from './parser-errors.ts';
import { sendReply } from './send-reply.ts';
import { mayUpgrade, UpgradeResponse } from './upgrade.ts';
import { acceptRequest } from '../accept-request.ts';
import { CHECK_INTERVAL, HEAD_BYTES, HEAD_COUNT, TIME_LIMITS } from '../http-server-settings.ts';
import type { HttpServerSettings } from '../http-server-settings.ts';
import type { ConnectionServer } from '../listener.ts';
import { maxForwardsReply } from '../max-forwards.ts';
import { sendRawReply } from '../raw-reply.ts';
import { RawFields } from '../../http1/received-fields.ts';
import { readRequestHead } from '../../http1/request-head.ts';
import type { EarlyRequest } from '../../message/early-reply.ts';
import { LOCAL_REPLIES, tooManyFields } from '../../message/local-replies.ts';
import type { RefusalReply } from '../../message/local-replies.ts';

export function createNodeHttpServer(s: HttpServerSettings): ConnectionServer {
  const state = { draining: false, closed: false };
  const draining = () => state.draining;
  const closed = () => state.closed;
  const limits = { ...TIME_LIMITS, ...s.limits };
  const server = createServer({
    maxHeaderSize: HEAD_BYTES,
    headersTimeout: limits.headTimeout,
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: CHECK_INTERVAL,
    requireHostHeader: false,
    optimizeEmptyRequests: true,
    // Called only for requests with Upgrade. If false, they are served as ordinary requests (RFC 9110 §7.8 allows that).
    shouldUpgradeCallback: (req) => mayUpgrade(req) && connectionOf(req.socket).idle,
  });
  // One more than allowed, so that too many can be distinguished from exactly enough.
  server.maxHeadersCount = HEAD_COUNT + 1;

  const refused = ({ status, reason }: RefusalReply, bytesOut: number, peer: string, req: IncomingMessage | undefined) =>
    s.replied({ peer, request: req && earlyRequest(req), status, reason, bytesOut });
  const serve = (req: IncomingMessage, res: ServerResponse, connection: Connection) => {
    const fields = new RawFields(req.rawHeaders);
    const read = readHead(req, fields, s);
    if (!read.ok) {
      connection.end();
      refused(read.reply, sendReply(res, read.reply, true), connection.peer, req);
      connection.answered();
      return;
    }
    if (read.maxForwards === 0) {
      res.on('close', () => connection.ended());
      const request = earlyRequest(req);
      const reply = maxForwardsReply(request);
      const bytesOut = sendReply(res, reply, read.closes);
      s.replied({ peer: connection.peer, request, status: reply.status, reason: undefined, bytesOut });
      connection.answered();
      return;
    }
    const received = {
      method: req.method as string,
      target: req.url as string,
      minor: req.httpVersionMinor,
      fields,
      peer: connection.peer,
      scheme: connection.scheme,
    };
    const protocol = res instanceof UpgradeResponse ? res.protocols : undefined;
    const { head, clientAddress } = acceptRequest(received, read, protocol, s);
    const { requestId } = read;
    // The handshake of an upgrade has no body: its Content-Length is 0, if it has one.
    const body =
      read.body === 'none' || res instanceof UpgradeResponse
        ? undefined
        : { length: read.body === 'chunked' ? undefined : read.body, awaitsContinue: read.expectContinue };
    const protocolVersion = `1.${req.httpVersionMinor}`;
    const settings = {
      clientAddress,
      requestId,
      protocolVersion,
      closes: read.closes,
      now: s.now(),
      draining,
      closed,
      connection,
      body,
    };
    const x = new Http1Exchange(req, res, head, settings);
    connection.exchange = x;
    s.handle(x);
  };
  const onRequest = (req: IncomingMessage, res: ServerResponse) => connectionOf(req.socket).take(req, res);
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);
  server.on('clientError', (error: Error, socket: Socket) => {
    const reply = replyToParserError(error);
    if (isSurplus(error)) connectionOf(socket).ignoreRest();
    else if (reply && isTruncated(error)) connectionOf(socket).truncated(reply);
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
  server.on('connect', (req: IncomingMessage, socket: Socket) => {
    // node:http has detached from this socket.
    socket.on('error', () => socket.destroy());
    connectionOf(socket).refuse(LOCAL_REPLIES.connectMethod, req);
  });
  const rules = { serve, refused, unreadTimeout: limits.unreadTimeout };
  server.on('connection', (socket: Socket) => new Connection(socket, rules));
  return asConnectionServer(server, upgrades, state);
}

function readHead(req: IncomingMessage, fields: RawFields, s: HttpServerSettings): ReturnType<typeof readRequestHead> {
  if (req.httpVersionMajor !== 1 || req.httpVersionMinor > 1) return { ok: false, reply: LOCAL_REPLIES.httpVersion };
  if (req.rawHeaders.length > 2 * HEAD_COUNT) return { ok: false, reply: tooManyFields(HEAD_COUNT) };
  return readRequestHead(req.method as string, req.url as string, req.httpVersionMinor, fields, s);
}

function earlyRequest({ method = '', url = '', httpVersion: protocolVersion }: IncomingMessage): EarlyRequest {
  return { method, target: url, protocolVersion };
}

interface ListenerState {
  draining: boolean;
  closed: boolean;
}

function asConnectionServer(server: Server, upgrades: ReadonlySet<UpgradeResponse>, state: ListenerState): ConnectionServer {
  // node:http starts the checks of headersTimeout when its server listens, which this one does not do.
  server.emit('listening');
  return {
    claim: (socket) => void server.emit('connection', socket),
    refuse: sendRawReply,
    drain: () => void (state.draining = true),
    closeIdle: () => server.closeIdleConnections(),
    close: () => {
      state.closed = true;
      server.closeAllConnections();
      for (const upgrade of upgrades) upgrade.close();
      // Stops the checks; the error, that the server is not listening, is expected.
      server.close(() => undefined);
    },
  };
}
