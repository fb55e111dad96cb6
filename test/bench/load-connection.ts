import { HttpClient, type Outcome, type Target } from './http-client.ts';
import type { Tally } from './load-tally.ts';

/** After a failure, so that a dead target is not asked in a tight loop. */
const PAUSE_MS = 10;

/** One client in a closed loop: the next GET leaves when the one before is over, on the same connection where that is possible. */
export class LoadConnection {
  readonly #client: HttpClient;
  readonly #tally: Tally;
  readonly #more: () => boolean;
  readonly #finished = Promise.withResolvers<void>();
  #began = 0;

  /** `more` is asked before every request. */
  constructor(target: Target, path: string, tally: Tally, more: () => boolean) {
    this.#client = new HttpClient([target], 0, path, (outcome) => this.#take(outcome));
    this.#tally = tally;
    this.#more = more;
  }

  /** Resolves when there are no more requests, and the last one is over. */
  run(): Promise<void> {
    this.#next();
    return this.#finished.promise;
  }

  #next(): void {
    if (!this.#more()) {
      this.#client.close();
      return this.#finished.resolve();
    }
    this.#began = performance.now();
    this.#client.get();
  }

  #take(outcome: Outcome): void {
    if (outcome.kind === 'answered' && outcome.status < 500) {
      this.#tally.answered(outcome.status, performance.now() - this.#began);
      return this.#next();
    }
    this.#tally.lost(this.#client.target, outcome);
    this.#client.close();
    setTimeout(() => this.#next(), PAUSE_MS);
  }
}
