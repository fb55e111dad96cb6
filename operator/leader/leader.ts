import type { KubeClient } from '../kube/client.ts';
import { sleep } from '../util/sleep.ts';
import { LeaseObservation } from './lease-observation.ts';
import { renewUntilEnd, type RenewalTiming } from './lease-renewal.ts';
import { isLost, LeaseStore } from './lease-store.ts';
import type { LeaseWatch } from './lease-watch.ts';
import { acquired, epochOf, isFree, LEASE_SECONDS, released, type Candidate, type Lease } from './lease.ts';
import { Term, type Moment } from './term.ts';

/** In milliseconds. */
export interface LeaderTiming extends RenewalTiming {
  /** How long a holder that does not renew keeps the Lease, counted from when this process saw its last renewal. */
  readonly duration: number;
  /** Without a renewal for this long, the term ends: before others may take the Lease. */
  readonly renewWithin: number;
  /** Before a failed renewal or acquisition is tried again, and the shortest term. */
  readonly retry: number;
  /** Standbys that may acquire at the same moment do so at random times within this span. */
  readonly jitter: number;
  /** How long giving the Lease back may take. */
  readonly releaseWithin: number;
}

export const LEADER_TIMING: LeaderTiming = {
  duration: LEASE_SECONDS * 1000,
  renewEvery: 5000,
  renewWithin: 10_000,
  retry: 1000,
  jitter: 200,
  releaseWithin: 2000,
};

export interface LeaderOptions {
  readonly client: Pick<KubeClient, 'call'>;
  readonly watch: LeaseWatch;
  readonly candidate: Candidate;
  /** A term has begun under this epoch; undefined: the term has ended, stop writing at once. */
  readonly leadershipChanged: (epoch: number | undefined) => void;
  /** Another process leads; called once for each holder. */
  readonly standby: (holder: string) => void;
  /** Awaited before every acquisition. Never rejects. */
  readonly prepare: () => Promise<void>;
  /** Something failed and is tried again. */
  readonly failed: (error: Error) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  readonly timing?: LeaderTiming;
}

export interface Leader {
  /** Whether the Lease is held and fresh at this moment: checked before every write. */
  readonly leading: boolean;
  /** Why this process could not lead if it had to; undefined while it leads, or stands by normally. */
  readonly problem: string | undefined;
  /** The epoch in use is too low: acquire again, above this one. */
  acquireAbove(epoch: number): void;
  /** Waits for the Lease, acquires and renews it until the signal aborts, then gives it back. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Leads while this process holds the Lease, and waits for it while another does. */
export function createLeader(options: LeaderOptions): Leader {
  return new LeaseLeader(options);
}

class LeaseLeader implements Leader {
  readonly #options: LeaderOptions;
  readonly #timing: LeaderTiming;
  readonly #store: LeaseStore;
  readonly #observation = new LeaseObservation();
  #term: Term | undefined;
  /** The next epoch is above this one. */
  #usedEpoch = 0;
  #problem: string | undefined = 'the Lease has not been read yet';
  #reportedHolder: string | undefined;
  /** Ends the present wait for the Lease. */
  #wake: () => void = () => undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#timing = options.timing ?? LEADER_TIMING;
    this.#store = new LeaseStore(options.client, options.candidate.namespace);
  }

  get leading(): boolean {
    return this.#term?.fresh ?? false;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  acquireAbove(epoch: number): void {
    this.#usedEpoch = Math.max(this.#usedEpoch, epoch);
    if (this.#term !== undefined && epoch >= this.#term.epoch) this.#term.end();
  }

  async run(signal: AbortSignal): Promise<void> {
    const watching = this.#options.watch(this.#sink(), signal);
    while (!signal.aborted) {
      await this.#untilFree(signal);
      const began = performance.now();
      try {
        await this.#options.prepare();
        const term = signal.aborted ? undefined : await this.#acquire(signal);
        if (term !== undefined) await this.#serve(term, signal);
      } catch (error) {
        if (!signal.aborted) this.#fail(error as Error);
      }
      // After a short term, too: whatever ends terms must not make this loop spin.
      await sleep(began + this.#timing.retry - performance.now(), signal);
    }
    await this.#release().catch((error: unknown) => this.#options.failed(error as Error));
    await watching;
  }

  /** A list may be older than our own writes, so an absent Lease in it ends no term; a deletion event does. */
  #sink(): Parameters<LeaseWatch>[0] {
    return {
      onReplace: ([lease]) => this.#observe(lease),
      onUpsert: (lease) => this.#observe(lease),
      onDelete: (lease) => {
        this.#observe(undefined);
        if (lease.metadata.uid === this.#term?.lease.metadata.uid) this.#term?.end();
      },
    };
  }

  #observe(lease: Lease | undefined): void {
    this.#observation.observe(lease, performance.now());
    const { holder } = this.#observation;
    // Another process acquired after us and leads. Proxies would refuse our pushes, but not every write goes to a proxy.
    if (this.#term !== undefined && epochOf(lease) > this.#term.epoch) this.#term.end();
    if (holder !== undefined && !isFree(lease, this.#options.candidate)) {
      this.#problem = undefined;
      if (holder !== this.#reportedHolder) this.#options.standby(holder);
      this.#reportedHolder = holder;
    }
    this.#wake();
  }

  /** Waits until no one holds the Lease, or its holder has not renewed it for too long. */
  async #untilFree(signal: AbortSignal): Promise<void> {
    const { candidate, random } = this.#options;
    const left = (): number => this.#observation.freeAt(candidate, this.#timing.duration) - performance.now();
    while (left() > 0 && !signal.aborted) {
      const woken = new AbortController();
      const wake = (this.#wake = () => woken.abort());
      signal.addEventListener('abort', wake, { once: true });
      await sleep(left(), woken.signal);
      signal.removeEventListener('abort', wake);
    }
    await sleep(random() * this.#timing.jitter, signal);
  }

  /**
   * Compare and swap. The Lease is read first, since the watch may be late. Undefined: another process holds it, or was faster.
   *
   * @throws when the Lease could not be read or written
   */
  async #acquire(signal: AbortSignal): Promise<Term | undefined> {
    const { candidate, now } = this.#options;
    const current = await this.#store.read(signal);
    this.#observe(current);
    const requested = this.#moment();
    if (this.#observation.freeAt(candidate, this.#timing.duration) > requested.monotonic) return undefined;
    const body = acquired(current, candidate, now(), Math.max(this.#usedEpoch, this.#observation.epoch));
    const lease = await this.#store.write(body, signal).catch((error: unknown) => {
      if (isLost(error)) return undefined;
      throw error;
    });
    if (lease === undefined) return undefined;
    const term = new Term(lease, epochOf(body), requested, this.#timing.renewWithin, () => this.#moment());
    // Remembered in case the Lease is deleted.
    this.#usedEpoch = Math.max(this.#usedEpoch, term.epoch);
    return term;
  }

  /** One term from beginning to end. */
  async #serve(term: Term, signal: AbortSignal): Promise<void> {
    const end = (): void => term.end();
    signal.addEventListener('abort', end, { once: true });
    // Called at once when the term ends, whatever is being awaited.
    const stop = (): void => this.#options.leadershipChanged(undefined);
    term.ended.addEventListener('abort', stop, { once: true });
    this.#term = term;
    this.#problem = this.#reportedHolder = undefined;
    if (signal.aborted) term.end();
    else if (!term.ended.aborted) this.#options.leadershipChanged(term.epoch);
    try {
      const now = (): Moment => this.#moment();
      await renewUntilEnd(term, { store: this.#store, timing: this.#timing, now, failed: this.#options.failed });
    } finally {
      signal.removeEventListener('abort', end);
      term.end();
      this.#term = undefined;
    }
  }

  async #release(): Promise<void> {
    const signal = AbortSignal.timeout(this.#timing.releaseWithin);
    const lease = await this.#store.read(signal);
    if (lease?.spec?.holderIdentity !== this.#options.candidate.identity) return;
    await this.#store.write(released(lease, this.#options.now()), signal);
  }

  #fail(error: Error): void {
    this.#problem = `the Lease could not be acquired or renewed: ${error.message}`;
    this.#options.failed(error);
  }

  #moment(): Moment {
    return { monotonic: performance.now(), unix: this.#options.now() };
  }
}
