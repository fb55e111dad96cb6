import { HttpClient, type Target } from './http-client.ts';
import type { LoadTally } from './load-tally.ts';
import { encode, FAILED } from './rate-report.ts';

/** A request that has waited this long for an idle connection has failed. The same as the limit for a response. */
const QUEUE_MS = 10_000;
const EXPECTED_STATUS = 200;

export interface PacerOptions {
  readonly targets: readonly Target[];
  /** Whether the targets belong to one Service (see HttpClient). Otherwise each connection has one target. */
  readonly service: boolean;
  readonly path: string;
  /** Requests per second. */
  readonly rate: number;
  /** Largest number of requests at once. */
  readonly connections: number;
  /** Largest number of requests in total. */
  readonly count: number;
}

interface PacedClient {
  readonly client: HttpClient;
  /** Intended start of the request in progress, ms since the beginning. */
  intendedStart: number;
}

/**
 * Starts requests at a constant rate, whether or not earlier ones have completed (an open loop). Each has an intended start, from which its
 * latency counts: time that a request waits because all connections are busy is part of its latency, as it is for a user.
 */
export class Pacer {
  readonly #options: PacerOptions;
  readonly #tally: LoadTally;
  readonly #clients: readonly PacedClient[];
  readonly #idle: PacedClient[];
  readonly #finished = Promise.withResolvers<void>();
  /** Intended start and latency of every request that is over, as pairs. */
  readonly #requests: number[] = [];
  #startedAt = 0;
  /** Number of requests whose intended start has come, and how many of them were sent or have expired. */
  #due = 0;
  #started = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PacerOptions, tally: LoadTally) {
    const { targets, service, path, connections } = options;
    this.#options = options;
    this.#tally = tally;
    this.#clients = Array.from({ length: connections }, (_, i) => {
      const own = service ? targets : [targets[i % targets.length] as Target];
      const paced: PacedClient = {
        intendedStart: 0,
        client: new HttpClient(own, i, { path }, (outcome) => {
          if (outcome.kind === 'answered' && outcome.status === EXPECTED_STATUS) this.#answered(paced);
          else this.#failed(paced, () => tally.recordOutcome(paced.client.target, outcome));
        }),
      };
      return paced;
    });
    this.#idle = [...this.#clients];
  }

  /** Resolves when the last request is over. */
  run(): Promise<void> {
    this.#startedAt = performance.now();
    // A millisecond is the resolution of timers; a request that starts late by that much has it in its latency.
    this.#timer = setInterval(() => this.#tick(), 1);
    return this.#finished.promise;
  }

  /** Starts no more requests; `run` resolves when those in progress are over. */
  stop(): void {
    this.#stopped = true;
    this.#tick();
  }

  get opened(): number {
    return this.#clients.reduce((sum, { client }) => sum + client.opened, 0);
  }

  get requests(): string {
    return encode(this.#requests);
  }

  #intendedStart(i: number): number {
    return (i * 1000) / this.#options.rate;
  }

  #tick(): void {
    const now = performance.now() - this.#startedAt;
    if (!this.#stopped) this.#due = Math.min(this.#options.count, Math.floor((now * this.#options.rate) / 1000) + 1);
    if (this.#due === this.#options.count) this.#stopped = true;
    this.#expireQueued(now);
    while (this.#started < this.#due && this.#idle.length > 0) {
      // In rotation, so that all connections are in use and none is idle for long.
      const paced = this.#idle.shift() as PacedClient;
      paced.intendedStart = this.#intendedStart(this.#started);
      this.#started += 1;
      paced.client.request();
    }
    if (this.#stopped && this.#started === this.#due && this.#idle.length === this.#clients.length) this.#finish();
  }

  #expireQueued(now: number): void {
    for (; this.#started < this.#due && now - this.#intendedStart(this.#started) > QUEUE_MS; this.#started += 1) {
      this.#tally.recordFailure('unsent', 'none', `all ${this.#clients.length} connections were busy for ${QUEUE_MS} ms`);
      this.#requests.push(this.#intendedStart(this.#started), FAILED);
    }
  }

  #answered(paced: PacedClient): void {
    const latency = performance.now() - this.#startedAt - paced.intendedStart;
    this.#tally.recordAnswer(EXPECTED_STATUS, latency);
    this.#requests.push(paced.intendedStart, latency);
    this.#release(paced);
  }

  #failed(paced: PacedClient, note: () => void): void {
    note();
    this.#requests.push(paced.intendedStart, FAILED);
    this.#release(paced);
  }

  #release(paced: PacedClient): void {
    this.#idle.push(paced);
    if (this.#started < this.#due || this.#stopped) this.#tick();
  }

  #finish(): void {
    clearInterval(this.#timer);
    for (const { client } of this.#clients) client.close();
    this.#finished.resolve();
  }
}
