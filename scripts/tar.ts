const BLOCK = 512;

/**
 * The bytes of one member of a POSIX tar archive, or undefined when it is not there. Supports what `npm pack` writes: plain members with
 * names of at most 100 bytes (or with a ustar prefix); every other kind of entry is skipped.
 * @throws RangeError when the archive ends inside a member.
 */
export function tarMember(archive: Uint8Array, name: string): Uint8Array | undefined {
  const text = (from: number, length: number) =>
    Buffer.from(archive.subarray(from, from + length))
      .toString()
      .replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8);
    if (!(at + BLOCK + size <= archive.length)) throw new RangeError(`tar archive ends inside an entry at byte ${at}`);
    const prefix = text(at + 257, 5) === 'ustar' ? text(at + 345, 155) : '';
    if ((prefix ? `${prefix}/` : '') + text(at, 100) === name) return archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}
