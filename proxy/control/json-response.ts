import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long the rest of a refused request is read and discarded, in milliseconds. */
const LINGERING_CLOSE_MS = 250;

/**
 * Responds with JSON. If the request was not read to its end, the connection is closed, but only after incoming data was discarded
 * for a while (lingering close): closing at once would reset the connection, and the response could be lost.
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

/** Not `complete` alone: while a request without a body is handled, the parser has not reached its end yet. */
function isUnread(req: IncomingMessage): boolean {
  const announced = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  return announced && !req.complete;
}
