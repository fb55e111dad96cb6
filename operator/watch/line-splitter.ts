import { MalformedError } from './object-check.ts';

const NEWLINE = 0x0a;

/**
 * Splits a stream of bytes at line feeds. Empty lines are left out.
 *
 * @param limit longest line in bytes; a longer one is never buffered
 * @throws MalformedError for a line that is too long
 * @throws Error when the stream ends inside a line, so that half an event never counts as one
 */
export async function* splitLines(stream: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<string, void, undefined> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      checkLength(size + end - start, limit);
      const line = Buffer.concat([...held, chunk.subarray(start, end)])
        .toString('utf8')
        .trim();
      held = [];
      size = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    size += chunk.length - start;
    checkLength(size, limit);
    if (start < chunk.length) held.push(chunk.subarray(start));
  }
  if (size > 0) throw new Error('the stream ended inside a line');
}

function checkLength(size: number, limit: number): void {
  if (size > limit) throw new MalformedError(`a line of the stream is longer than ${limit} bytes`);
}
