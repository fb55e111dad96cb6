/**
 * Collects what reading leaves behind. Node.js reads into a buffer of its own for each read, up to 64 KiB, outside the heap of V8. Few
 * objects belong to it, so the young generation is not full for a long time: long before, these buffers amount to so much that V8 collects
 * the whole heap, every 300 uploads of 64 KiB, on all its threads. A collection of the young generation frees nearly all of them for much
 * less, but V8 does not begin one for their sake. Here the proxy asks for one.
 */

/** Bytes between two collections. With 2 MB, the collections themselves cost more than they save; with 16 MB, V8 is often first. */
const EVERY = 8_000_000;

/** @param collect collects the young generation. */
export function createReadCounter(collect: () => void): (bytes: number) => void {
  let left = EVERY;
  return (bytes) => {
    left -= bytes;
    if (left > 0) return;
    left = EVERY;
    collect();
  };
}

/** Counts bytes that were read from a socket. Collects nothing unless Node.js runs with --expose-gc (`scripts/node-flags.ts`). */
export const countRead: (bytes: number) => void = createReadCounter(() => globalThis.gc?.({ type: 'minor' }));
