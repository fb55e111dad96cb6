/**
 * Ends a connection so that its last response arrives. Closing a socket on which unread bytes wait, or to which more are on their way,
 * resets it, and a client that is still writing then loses the response it has not read yet (RFC 9112 §9.6). So only our half is
 * closed at first, and what still comes is discarded until the peer has closed as well, within these limits.
 */
import type { Socket } from 'node:net';

export const LINGERING_CLOSE = {
  /** Milliseconds in all, */
  total: 5_000,
  /** in silence, */
  silence: 2_000,
  /** and bytes that are discarded. */
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
  // node:http reads past the stream: what it has paused it must resume itself, before it is made to let go.
  if (socket.isPaused()) socket.once('resume', () => discard(socket)).resume();
  else discard(socket);
}

function discard(socket: Socket): void {
  let left = LINGERING_CLOSE.bytes;
  // Takes it from node:http's parser, which would see requests in what comes.
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
}
