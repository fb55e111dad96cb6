import { HttpClient, type RequestOutcome, type Target } from './http-client.ts';
import type { LoadTally } from './load-tally.ts';
import type { RequestShape } from './request-shape.ts';

/** Pause after a failure, so that requests to a dead target do not form a tight loop. */
const PAUSE_MS = 10;

/** One client in a closed loop: it sends the next request when the previous one is over, on the same connection where possible. */
export class LoadConnection {
  readonly #client: HttpClient;
  readonly #tally: LoadTally;
  readonly #mayStart: () => boolean;
  readonly #finished = Promise.withResolvers<void>();
  #startedAt = 0;

  /** `mayStart` is called before every request. */
  constructor(target: Target, shape: RequestShape, tally: LoadTally, mayStart: () => boolean) {
    this.#client = new HttpClient([target], 0, shape, (outcome) => this.#onOutcome(outcome));
    this.#tally = tally;
    this.#mayStart = mayStart;
  }

  /** Resolves when the last request is over and no further one may start. */
  run(): Promise<void> {
    this.#next();
    return this.#finished.promise;
  }

  #next(): void {
    if (!this.#mayStart()) {
      this.#client.close();
      return this.#finished.resolve();
    }
    this.#startedAt = performance.now();
    this.#client.request();
  }

  #onOutcome(outcome: RequestOutcome): void {
    if (outcome.kind === 'answered' && outcome.status < 500) {
      this.#tally.recordAnswer(outcome.status, performance.now() - this.#startedAt);
      return this.#next();
    }
    this.#tally.recordOutcome(this.#client.target, outcome);
    this.#client.close();
    setTimeout(() => this.#next(), PAUSE_MS);
  }
}
