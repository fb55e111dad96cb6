/** What has arrived on a connection and cannot be read yet: a body that no one reads, or the requests after the one in progress. */
export class ReadAhead {
  bytes = 0;
  #chunks: Buffer[] = [];

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** The first chunk; undefined: there is none. */
  shift(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    if (chunk) this.bytes -= chunk.length;
    return chunk;
  }

  /** Gives a part of the first chunk back. */
  unshift(chunk: Buffer): void {
    this.#chunks.unshift(chunk);
    this.bytes += chunk.length;
  }

  /** All of it, which is then no more here. */
  take(): readonly Buffer[] {
    const all = this.#chunks;
    this.#chunks = [];
    this.bytes = 0;
    return all;
  }
}
