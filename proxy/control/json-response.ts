import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long what a client still sends after a refusal is thrown away, in milliseconds. */
const LINGERING_CLOSE_MS = 250;

/**
 * Answers with JSON. Where the request was not read to its end, the connection is closed, but only after a moment of
 * throwing away what still arrives: closing at once would reset the connection, and the answer could be lost on its way.
 */
export function sendJson(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  body: object,
  mediaType = 'application/json',
): void {
  const text = JSON.stringify(body);
  const headers = { 'content-type': mediaType, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' };
  if (!isUnread(req)) {
    res.writeHead(status, headers).end(text);
    return;
  }
  res.writeHead(status, { ...headers, connection: 'close' }).write(text);
  const timer = setTimeout(finish, LINGERING_CLOSE_MS);
  function finish(): void {
    clearTimeout(timer);
    req.off('end', finish).off('close', finish);
    res.end();
  }
  req.on('end', finish).on('close', finish).resume();
}

/** Not `complete` alone: while a request without a body is being handled, the parser has not seen its end yet. */
function isUnread(req: IncomingMessage): boolean {
  const announced = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  return announced && !req.complete;
}
