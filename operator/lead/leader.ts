import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../kube/client.ts';
import { isStatus } from '../kube/error.ts';
import { leasesPath } from '../kube/kinds.ts';
import { acquired, epochOf, LEASE_NAME, released, renewed, type Candidate, type Lease } from './lease.ts';

/** In milliseconds. */
export interface LeaderTiming {
  /** From one renewal to the next. */
  readonly renewEvery: number;
  /** Without a renewal for this long, leading ends: well before others may believe it has. */
  readonly renewWithin: number;
  /** Before a failed renewal or acquisition is tried again, and the shortest term. */
  readonly retry: number;
  /** How long giving the Lease back may take. */
  readonly releaseWithin: number;
}

export const LEADER_TIMING: LeaderTiming = { renewEvery: 5000, renewWithin: 10_000, retry: 1000, releaseWithin: 2000 };

/** Milliseconds for one exchange: one that hangs must leave time for another within `renewWithin`. */
const CALL_TIMEOUT = 4000;

export interface LeaderOptions {
  readonly client: Pick<KubeClient, 'call'>;
  readonly candidate: Candidate;
  /** The epoch under which to lead from now on; undefined: leading has ended, stop at once. */
  readonly lead: (epoch: number | undefined) => void;
  /** Something failed and is tried again. */
  readonly failed: (error: Error) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly timing?: LeaderTiming;
}

export interface Leader {
  /** Whether the Lease is held and fresh at this moment: ask before every write. */
  readonly leading: boolean;
  /** The epoch in use is not enough: acquire anew above this one. */
  acquireAbove(epoch: number): void;
  /** Acquires and renews until the signal aborts, then gives the Lease back. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** A Lease of ours, until its signal aborts. */
interface Term {
  lease: Lease;
  readonly epoch: number;
  readonly ended: AbortController;
  expiry: NodeJS.Timeout | undefined;
}

/** Acquires the Lease without contest, whoever holds it, and leads for as long as it can be renewed. */
export function createLeader(options: LeaderOptions): Leader {
  return new LeaseLeader(options);
}

class LeaseLeader implements Leader {
  readonly #options: LeaderOptions;
  readonly #timing: LeaderTiming;
  readonly #path: string;
  #term: Term | undefined;
  #above = 0;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#timing = options.timing ?? LEADER_TIMING;
    this.#path = leasesPath(options.candidate.namespace);
  }

  get leading(): boolean {
    return this.#term !== undefined && !this.#term.ended.signal.aborted;
  }

  acquireAbove(epoch: number): void {
    this.#above = Math.max(this.#above, epoch);
    if (this.#term !== undefined && epoch >= this.#term.epoch) this.#term.ended.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await this.#serve(await this.#acquire(signal), signal);
      } catch (error) {
        if (!signal.aborted) this.#options.failed(error as Error);
      }
      // Also after a short term: whoever makes terms end can not make us spin.
      await pause(began + this.#timing.retry - performance.now(), signal);
    }
    await this.#release().catch((error: unknown) => this.#options.failed(error as Error));
  }

  /** Compare and swap; a lost race throws, and the next try reads anew. */
  async #acquire(signal: AbortSignal): Promise<Term> {
    const { client, candidate, now } = this.#options;
    const current = await this.#read(signal);
    const sentAt = performance.now();
    const body = acquired(current, candidate, now(), this.#above);
    const lease =
      current === undefined
        ? versioned(await client.call<Lease>({ method: 'POST', path: this.#path, body, signal, timeout: CALL_TIMEOUT }))
        : await this.#write(body, signal);
    const term: Term = { lease, epoch: epochOf(body), ended: new AbortController(), expiry: undefined };
    // Should the Lease be deleted, we still remember what we used.
    this.#above = Math.max(this.#above, term.epoch);
    this.#prolong(term, sentAt);
    return term;
  }

  /** One term from beginning to end. */
  async #serve(term: Term, signal: AbortSignal): Promise<void> {
    const end = (): void => term.ended.abort();
    signal.addEventListener('abort', end, { once: true });
    // What happens at once when the term ends, whatever is being waited for.
    const stop = (): void => this.#options.lead(undefined);
    term.ended.signal.addEventListener('abort', stop, { once: true });
    this.#term = term;
    if (signal.aborted) term.ended.abort();
    else if (!term.ended.signal.aborted) this.#options.lead(term.epoch);
    try {
      await this.#keep(term);
    } finally {
      clearTimeout(term.expiry);
      signal.removeEventListener('abort', end);
      term.ended.abort();
      this.#term = undefined;
    }
  }

  async #keep(term: Term): Promise<void> {
    const ended = term.ended.signal;
    let wait = this.#timing.renewEvery;
    for (;;) {
      await pause(wait, ended);
      if (ended.aborted) return;
      const sentAt = performance.now();
      try {
        term.lease = await this.#write(renewed(term.lease, this.#options.now()), ended);
        this.#prolong(term, sentAt);
        wait = this.#timing.renewEvery;
      } catch (error) {
        if (ended.aborted) return;
        // Somebody else wrote or deleted it: our version is no longer the Lease.
        if (isStatus(error, 409) || isStatus(error, 404)) throw error;
        this.#options.failed(error as Error);
        wait = this.#timing.retry;
      }
    }
  }

  /** The renewal counts from when it was asked for, as others saw it no earlier than that. */
  #prolong(term: Term, sentAt: number): void {
    clearTimeout(term.expiry);
    term.expiry = setTimeout(() => term.ended.abort(), this.#timing.renewWithin - (performance.now() - sentAt));
  }

  async #release(): Promise<void> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), this.#timing.releaseWithin);
    try {
      const lease = await this.#read(controller.signal);
      if (lease?.spec?.holderIdentity !== this.#options.candidate.identity) return;
      await this.#write(released(lease, this.#options.now()), controller.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return versioned(
        await this.#options.client.call<Lease>({ path: `${this.#path}/${LEASE_NAME}`, signal, timeout: CALL_TIMEOUT }),
      );
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async #write(body: Lease, signal: AbortSignal): Promise<Lease> {
    return versioned(
      await this.#options.client.call<Lease>({
        method: 'PUT',
        path: `${this.#path}/${LEASE_NAME}`,
        body,
        signal,
        timeout: CALL_TIMEOUT,
      }),
    );
  }
}

/** Without a version the next write would have no precondition. */
function versioned(lease: Lease): Lease {
  if (!lease?.metadata?.resourceVersion) throw new Error('the Lease has no resourceVersion');
  return lease;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined);
}
