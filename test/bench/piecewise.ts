import type { Writable } from 'node:stream';

/** Writes in one turn of the event loop, so that the process serves its other connections in between. */
const PER_TURN = 128;

/**
 * Writes in pieces of `size` bytes as fast as the peer takes them. On a socket each is a write of its own to the kernel, and without Nagle's
 * algorithm a segment: a peer that keeps up reads each by itself, a slower one several at once.
 */
export function writePieces(stream: Writable, bytes: Buffer, size: number): void {
  let at = 0;
  const some = (): void => {
    for (let i = 0; i < PER_TURN && at < bytes.length && !stream.destroyed; i += 1) {
      const more = stream.write(bytes.subarray(at, at + size));
      at += size;
      if (!more) return void stream.once('drain', some);
    }
    if (at < bytes.length && !stream.destroyed) setImmediate(some);
  };
  some();
}
