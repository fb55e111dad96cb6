import type { KubeClient } from '../kube/client.ts';
import { acquired, epochOf, isFree, LEASE_SECONDS, released, renewed, type Candidate, type Lease } from './lease.ts';
import { Observation } from './lease-observation.ts';
import { isLost, LeaseStore } from './lease-store.ts';
import { Term, type Moment } from './term.ts';
import type { LeaseWatch } from './lease-watch.ts';
import { sleep } from '../util/sleep.ts';

/** In milliseconds. */
export interface LeaderTiming {
  /** For how long another holder is believed in that says nothing, from when we saw its last renewal. */
  readonly duration: number;
  /** From one renewal to the next. */
  readonly renewEvery: number;
  /** Without a renewal for this long, leading ends: well before others may believe it has. */
  readonly renewWithin: number;
  /** Before a failed renewal or acquisition is tried again, and the shortest term. */
  readonly retry: number;
  /** Standbys that may all try try at different times within this span. */
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
  /** The epoch under which to lead from now on; undefined: leading has ended, stop at once. */
  readonly lead: (epoch: number | undefined) => void;
  /** Somebody else leads; said once of each. */
  readonly standby: (holder: string) => void;
  /** Awaited before every acquisition: whatever must be so before we lead. Never rejects. */
  readonly prepare: () => Promise<void>;
  /** Something failed and is tried again. */
  readonly failed: (error: Error) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  readonly timing?: LeaderTiming;
}

export interface Leader {
  /** Whether the Lease is held and fresh at this moment: ask before every write. */
  readonly leading: boolean;
  /** Why this process could not lead if it had to; undefined while it leads, or stands by as it should. */
  readonly problem: string | undefined;
  /** The epoch in use is not enough: acquire anew above this one. */
  acquireAbove(epoch: number): void;
  /** Waits for the Lease, acquires and renews it until the signal aborts, then gives it back. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Leads while it holds the Lease, and waits for it while somebody else does. */
export function createLeader(options: LeaderOptions): Leader {
  return new LeaseLeader(options);
}

class LeaseLeader implements Leader {
  readonly #options: LeaderOptions;
  readonly #timing: LeaderTiming;
  readonly #store: LeaseStore;
  readonly #seen = new Observation();
  #term: Term | undefined;
  #above = 0;
  #problem: string | undefined = 'the Lease has not been read yet';
  #told: string | undefined;
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
    this.#above = Math.max(this.#above, epoch);
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
        if (!signal.aborted) this.#stumble(error as Error);
      }
      // Also after a short term: whoever makes terms end can not make us spin.
      await sleep(began + this.#timing.retry - performance.now(), signal);
    }
    await this.#release().catch((error: unknown) => this.#options.failed(error as Error));
    await watching;
  }

  /** A list may be older than our own writes, so that nothing is there ends no term; an event of deletion does. */
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
    this.#seen.see(lease, performance.now());
    const { holder } = this.#seen;
    // Whoever acquired after us leads: proxies will say so, too, but not every write is to a proxy.
    if (this.#term !== undefined && epochOf(lease) > this.#term.epoch) this.#term.end();
    if (holder !== undefined && !isFree(lease, this.#options.candidate)) {
      this.#problem = undefined;
      if (holder !== this.#told) this.#options.standby(holder);
      this.#told = holder;
    }
    this.#wake();
  }

  /** Until nobody holds the Lease, or its holder has said nothing for too long. */
  async #untilFree(signal: AbortSignal): Promise<void> {
    const { candidate, random } = this.#options;
    const left = (): number => this.#seen.freeAt(candidate, this.#timing.duration) - performance.now();
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
   * Compare and swap. What is there is read first: a watch may be late. Undefined: somebody else has it, or was faster.
   *
   * @throws when the Lease could not be read or written
   */
  async #acquire(signal: AbortSignal): Promise<Term | undefined> {
    const { candidate, now } = this.#options;
    const current = await this.#store.read(signal);
    this.#observe(current);
    const asked = this.#moment();
    if (this.#seen.freeAt(candidate, this.#timing.duration) > asked.monotonic) return undefined;
    const body = acquired(current, candidate, now(), Math.max(this.#above, this.#seen.epoch));
    const lease = await this.#store.write(body, signal).catch((error: unknown) => {
      if (isLost(error)) return undefined;
      throw error;
    });
    if (lease === undefined) return undefined;
    const term = new Term(lease, epochOf(body), asked, this.#timing.renewWithin, () => this.#moment());
    // Should the Lease be deleted, we still remember what we used.
    this.#above = Math.max(this.#above, term.epoch);
    return term;
  }

  /** One term from beginning to end. */
  async #serve(term: Term, signal: AbortSignal): Promise<void> {
    const end = (): void => term.end();
    signal.addEventListener('abort', end, { once: true });
    // What happens at once when the term ends, whatever is being waited for.
    const stop = (): void => this.#options.lead(undefined);
    term.ended.addEventListener('abort', stop, { once: true });
    this.#term = term;
    this.#problem = this.#told = undefined;
    if (signal.aborted) term.end();
    else if (!term.ended.aborted) this.#options.lead(term.epoch);
    try {
      await this.#keep(term);
    } finally {
      signal.removeEventListener('abort', end);
      term.end();
      this.#term = undefined;
    }
  }

  async #keep(term: Term): Promise<void> {
    let wait = this.#timing.renewEvery;
    for (;;) {
      await sleep(wait, term.ended);
      // A process that was stopped may get here before the timer that ends the term.
      if (!term.fresh) return;
      const asked = this.#moment();
      try {
        term.prolong(await this.#store.write(renewed(term.lease, asked.unix), term.ended), asked);
        wait = this.#timing.renewEvery;
      } catch (error) {
        if (term.ended.aborted) return;
        // Somebody else wrote or deleted it: our version is no longer the Lease.
        if (isLost(error)) throw error;
        this.#options.failed(error as Error);
        wait = this.#timing.retry;
      }
    }
  }

  async #release(): Promise<void> {
    const signal = AbortSignal.timeout(this.#timing.releaseWithin);
    const lease = await this.#store.read(signal);
    if (lease?.spec?.holderIdentity !== this.#options.candidate.identity) return;
    await this.#store.write(released(lease, this.#options.now()), signal);
  }

  #stumble(error: Error): void {
    this.#problem = `the Lease could not be had: ${error.message}`;
    this.#options.failed(error);
  }

  #moment(): Moment {
    return { monotonic: performance.now(), unix: this.#options.now() };
  }
}
