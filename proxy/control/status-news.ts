import { randomBytes } from 'node:crypto';
import { MAX_STATUS_WAIT } from '../snapshot/limits.ts';

/** Milliseconds from the first change to the answers, so that endpoints that turn together come in one answer. */
const COLLECT_MS = 100;
/** Requests that wait at once: one for each operator, and more while connections of earlier ones are not known to be gone. */
const MAX_WAITING = 8;

interface Waiting {
  readonly after: string;
  readonly answer: () => void;
  readonly timer: NodeJS.Timeout;
}

/** The revision of the status answer, and who waits for the next one. Knows nothing of what has changed. */
export class StatusNews {
  /** Distinguishes processes, also after a restart within one Pod. */
  readonly #process = randomBytes(12).toString('base64url');
  #changes = 0;
  /** Runs from the first change until it is announced. */
  #collecting: NodeJS.Timeout | undefined;
  /** The one that has waited longest comes first. */
  readonly #waiting = new Set<Waiting>();
  #closed = false;

  /** Another one after each change, and in each process. */
  get revision(): string {
    return `${this.#process}.${this.#changes}`;
  }

  /** The status answer may have changed. */
  changed(): void {
    this.#changes++;
    if (!this.#closed) this.#collecting ??= setTimeout(() => this.#announce(), COLLECT_MS).unref();
  }

  /**
   * Calls `answer` once: at once if `after` is not the present revision, unless changes are still being collected; else when there is
   * news, when MAX_STATUS_WAIT is over, when too many others came later, or on `close`.
   * @returns ends the wait without a call; may be called at any time
   */
  wait(after: string, answer: () => void): () => void {
    if (this.#closed || (after !== this.revision && !this.#collecting)) {
      answer();
      return () => undefined;
    }
    const [oldest] = this.#waiting;
    if (oldest && this.#waiting.size >= MAX_WAITING) this.#finish(oldest);
    const waiting: Waiting = { after, answer, timer: setTimeout(() => this.#finish(waiting), MAX_STATUS_WAIT).unref() };
    this.#waiting.add(waiting);
    return () => this.#remove(waiting);
  }

  /** Ends every wait; leaves no timer. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#collecting);
    for (const waiting of this.#waiting) this.#finish(waiting);
  }

  #announce(): void {
    this.#collecting = undefined;
    // One that asked during the collection, with the present revision, has had the news.
    for (const waiting of this.#waiting) if (waiting.after !== this.revision) this.#finish(waiting);
  }

  #finish(waiting: Waiting): void {
    this.#remove(waiting);
    waiting.answer();
  }

  #remove(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }
}
