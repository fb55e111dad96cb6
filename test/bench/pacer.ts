import { HttpClient, type Target } from './http-client.ts';
import type { Tally } from './load-tally.ts';
import { encode, FAILED } from './rate-report.ts';

/** A request that found no free connection for so long has failed. As long as an answer may take. */
const QUEUE_MS = 10_000;
const WANTED_STATUS = 200;

export interface PacerOptions {
  readonly targets: readonly Target[];
  /** The targets are those of one Service: see HttpClient. Otherwise each connection has its own target. */
  readonly service: boolean;
  readonly path: string;
  /** Requests per second. */
  readonly rate: number;
  /** At most so many requests at once. */
  readonly connections: number;
  /** At most so many requests in all. */
  readonly count: number;
}

interface Slot {
  readonly client: HttpClient;
  /** Intended start of the request in progress, ms since the beginning. */
  intended: number;
}

/**
 * Requests at a constant rate, whatever becomes of them (an open loop). Each has an intended start, and its latency counts from there: what
 * waits because all connections are busy waits on the clock, as a user would.
 */
export class Pacer {
  readonly #options: PacerOptions;
  readonly #tally: Tally;
  readonly #slots: readonly Slot[];
  readonly #free: Slot[];
  readonly #finished = Promise.withResolvers<void>();
  /** Intended start and latency of every request that is over, in pairs. */
  readonly #requests: number[] = [];
  #began = 0;
  /** Requests whose intended start has come, and those of them that were sent or given up. */
  #due = 0;
  #begun = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PacerOptions, tally: Tally) {
    const { targets, service, path, connections } = options;
    this.#options = options;
    this.#tally = tally;
    this.#slots = Array.from({ length: connections }, (_, i) => {
      const own = service ? targets : [targets[i % targets.length] as Target];
      const slot: Slot = {
        intended: 0,
        client: new HttpClient(own, i, path, (outcome) => {
          if (outcome.kind === 'answered' && outcome.status === WANTED_STATUS) this.#answered(slot);
          else this.#lost(slot, () => tally.lost(slot.client.target, outcome));
        }),
      };
      return slot;
    });
    this.#free = [...this.#slots];
  }

  /** Resolves when the last request is over. */
  run(): Promise<void> {
    this.#began = performance.now();
    // A millisecond is the shortest that timers know; what is late by that much is counted as such.
    this.#timer = setInterval(() => this.#tick(), 1);
    return this.#finished.promise;
  }

  /** No more requests; those in progress are waited for. */
  stop(): void {
    this.#stopped = true;
    this.#tick();
  }

  get opened(): number {
    return this.#slots.reduce((sum, { client }) => sum + client.opened, 0);
  }

  get requests(): string {
    return encode(this.#requests);
  }

  #intended(i: number): number {
    return (i * 1000) / this.#options.rate;
  }

  #tick(): void {
    const now = performance.now() - this.#began;
    if (!this.#stopped) this.#due = Math.min(this.#options.count, Math.floor((now * this.#options.rate) / 1000) + 1);
    if (this.#due === this.#options.count) this.#stopped = true;
    this.#giveUp(now);
    while (this.#begun < this.#due && this.#free.length > 0) {
      // In turn, so that all connections are in use and none is idle for long.
      const slot = this.#free.shift() as Slot;
      slot.intended = this.#intended(this.#begun);
      this.#begun += 1;
      slot.client.get();
    }
    if (this.#stopped && this.#begun === this.#due && this.#free.length === this.#slots.length) this.#finish();
  }

  #giveUp(now: number): void {
    for (; this.#begun < this.#due && now - this.#intended(this.#begun) > QUEUE_MS; this.#begun += 1) {
      this.#tally.failed('unsent', 'none', `all ${this.#slots.length} connections were busy for ${QUEUE_MS} ms`);
      this.#requests.push(this.#intended(this.#begun), FAILED);
    }
  }

  #answered(slot: Slot): void {
    const latency = performance.now() - this.#began - slot.intended;
    this.#tally.answered(WANTED_STATUS, latency);
    this.#requests.push(slot.intended, latency);
    this.#release(slot);
  }

  #lost(slot: Slot, note: () => void): void {
    note();
    this.#requests.push(slot.intended, FAILED);
    this.#release(slot);
  }

  #release(slot: Slot): void {
    this.#free.push(slot);
    if (this.#begun < this.#due || this.#stopped) this.#tick();
  }

  #finish(): void {
    clearInterval(this.#timer);
    for (const { client } of this.#slots) client.close();
    this.#finished.resolve();
  }
}
