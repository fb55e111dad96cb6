/**
 * Closes a connection so that its last response arrives. Closing a socket with unread bytes, or while more are in transit, resets it,
 * and a client that is still writing then loses the response it has not read yet (RFC 9112 §9.6). So only the proxy's half is closed
 * at first, and received bytes are discarded until the peer has closed as well, within these limits.
 */
import type { Socket } from 'node:net';

export const LINGERING_CLOSE = {
  /** Milliseconds in total. */
  total: 5_000,
  /** Milliseconds without received bytes. */
  silence: 2_000,
  /** Discarded bytes. */
  bytes: 16 * 1024 * 1024,
};

export function lingeringClose(socket: Socket): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), LINGERING_CLOSE.total);
  socket.on('close', () => clearTimeout(timer));
  socket.on('error', () => socket.destroy());
  socket.on('timeout', () => socket.destroy());
  socket.setTimeout(LINGERING_CLOSE.silence);
  socket.end();
  // node:http reads from the handle, not from the stream: if it has paused, it must resume before its listener is removed.
  if (socket.isPaused()) socket.once('resume', () => discard(socket)).resume();
  else discard(socket);
}

function discard(socket: Socket): void {
  let left = LINGERING_CLOSE.bytes;
  // Detaches node:http's parser, which would read requests from these bytes.
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
}
