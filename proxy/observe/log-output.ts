/**
 * The lines of all logs on their way to standard output, in the order in which they were written. Lines of the access log wait for each
 * other, so that one write takes many: a system call for each would cost more than all else about a line. Another line leaves at once, with
 * all that waits. A slow reader never blocks requests: lines wait in memory, up to a limit, beyond which whole lines are dropped and counted.
 */
import { writeSync } from 'node:fs';

/** Writes the first of these bytes and returns how many. @throws Error EAGAIN when the reader must read first; others, too. */
type WriteBytes = (bytes: Uint8Array) => number;

/** Milliseconds that a line of the access log waits for others. */
const BATCH_MS = 100;
/** Characters that leave without waiting for more. */
const BATCH_SIZE = 32_768;
/** Bytes that wait for a slow reader: about 14,000 lines. Once it was reached, half of them leave before another one is taken. */
export const MAX_WAITING = 8 * 2 ** 20;
/** Bytes beyond it for lines that are not of the access log. */
const RESERVE = 2 ** 20;
/** Milliseconds until a write that failed is tried again; doubled each time. A pipe holds 64 KiB. */
const [RETRY_MS, MAX_RETRY_MS] = [2, 64];
/** Milliseconds in which a slow reader can still read when the process ends without draining, by an uncaught error. */
const EXIT_MS = 1_000;

/** Destinations of pino. */
interface Destination {
  readonly write: (line: string) => void;
}

export class LogOutput {
  /** For the access log: lines leave within 100 ms. */
  readonly batched: Destination = { write: (line) => this.#take(line, this.#unreported > 0 ? 0 : MAX_WAITING) };
  /** For all else: lines leave at once. */
  readonly direct: Destination = {
    write: (line) => {
      this.#take(line, MAX_WAITING + RESERVE);
      if (!this.#failing) this.#send();
    },
  };
  /** Called when there is room again, with the number of lines that were dropped. */
  onDropped: ((lines: number) => void) | undefined;

  readonly #write: WriteBytes;
  /** Lines that were not encoded yet. */
  #text = '';
  /** Lines that were, in batches, of the first of which `#offset` bytes were written. */
  #batches: Uint8Array[] = [];
  #offset = 0;
  /** Bytes of the batches that were not written. */
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;
  /** The last write failed: the timer will try again. */
  #failing = false;
  #dropped = 0;
  #unreported = 0;

  constructor(write: WriteBytes) {
    this.#write = write;
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes that wait; of lines that were not encoded, characters. */
  get waiting(): number {
    return this.#bytes + this.#text.length;
  }

  /** The process is about to end: writes all that waits. `sleep` waits for a reader that is too slow, up to a second in all. */
  end(sleep: (ms: number) => void): void {
    for (let waited = 0; ; waited += MAX_RETRY_MS) {
      const error = this.#send();
      if (!isFull(error) || waited >= EXIT_MS) return;
      sleep(MAX_RETRY_MS);
    }
  }

  #take(line: string, limit: number): void {
    if (this.waiting >= limit) {
      this.#dropped += 1;
      this.#unreported += 1;
      return;
    }
    this.#text += line;
    if (this.#text.length < BATCH_SIZE) this.#wake(BATCH_MS);
    else if (this.#failing) this.#encode();
    else this.#send();
  }

  /** The timer keeps the process alive until its lines are written, unless `error` says that no one will read them. */
  #wake(ms: number, error?: unknown): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, ms);
    if (error !== undefined && !isFull(error)) this.#timer.unref();
  }

  #encode(): void {
    if (this.#text === '') return;
    const batch = Buffer.from(this.#text);
    this.#text = '';
    this.#batches.push(batch);
    this.#bytes += batch.length;
  }

  /** Returns the error of a write that failed; its bytes wait. */
  #send(): unknown {
    this.#encode();
    try {
      this.#writeAll();
      this.#failing = false;
    } catch (error) {
      this.#failing = true;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#wake(this.#retryMs, error);
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
      return error;
    } finally {
      if (this.#unreported > 0 && this.waiting <= MAX_WAITING / 2) this.#report();
    }
    return undefined;
  }

  #writeAll(): void {
    for (let batch = this.#batches[0]; batch; batch = this.#batches[0]) {
      const written = this.#write(batch.subarray(this.#offset));
      this.#retryMs = RETRY_MS;
      this.#offset += written;
      this.#bytes -= written;
      if (this.#offset < batch.length) continue;
      this.#offset = 0;
      this.#batches.shift();
    }
  }

  #report(): void {
    const lines = this.#unreported;
    this.#unreported = 0;
    this.onDropped?.(lines);
  }
}

/**
 * Standard output. Node sets a pipe to non-blocking mode as soon as `process.stdout` is used, so that a write never waits for the reader;
 * writes to files do wait for the disk. They are synchronous because a thread for each costs more, and so that the end of the process finds
 * none under way.
 */
export function standardOutput(): LogOutput {
  const { fd } = process.stdout;
  const output = new LogOutput((bytes) => writeSync(fd, bytes));
  const clock = new Int32Array(new SharedArrayBuffer(4));
  process.on('exit', () => output.end((ms) => void Atomics.wait(clock, 0, 0, ms)));
  return output;
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EAGAIN';
}
