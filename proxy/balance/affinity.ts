import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import type { Hash } from './hash.ts';

export interface AffinityOptions {
  /** Number of keys that are remembered; ≥ 1. */
  readonly maxEntries: number;
  /** Milliseconds for which a key is remembered after its last use. */
  readonly idleTimeout: number;
  /** Milliseconds for which a draining endpoint keeps its keys. */
  readonly drain: number;
}

/** Counters; they never decrease. */
export interface AffinityCounts {
  /** Requests that went to the endpoint of their key. */
  readonly hits: number;
  /** Requests whose key was not remembered, or whose endpoint was not usable. */
  readonly misses: number;
  /** Keys dropped for lack of room before they were idle. */
  readonly evictions: number;
}

interface AffinityEntry {
  readonly id: string;
  usedAt: number;
}

interface AffinityHandle {
  readonly id: string;
  readonly hash: Hash | undefined;
  readonly inner: Handle;
}

interface AffinityEndpoint {
  readonly id: string;
  /** Milliseconds at which it began to drain; Infinity: not draining. */
  readonly drainingSince: number;
  readonly weight: number;
  usable: boolean;
  stickyEligible: boolean;
}

/**
 * An affinity table in front of a hash (Katran's connection table): a bounded LRU map of key → endpoint, so that a key in use keeps
 * its endpoint while others join and leave. Only a request that succeeded binds a key, or moves it. Requests without a key bypass
 * the table.
 */
export class Affinity implements Balancer {
  readonly #inner: Balancer;
  readonly #options: AffinityOptions;
  /** Least recently used first. */
  readonly #entries = new Map<number, AffinityEntry>();
  #endpoints: AffinityEndpoint[] = [];
  #index = new Map<string, number>();
  readonly #counts = { hits: 0, misses: 0, evictions: 0 };

  constructor(inner: Balancer, o: AffinityOptions) {
    this.#inner = inner;
    this.#options = o;
  }

  get counts(): AffinityCounts {
    return this.#counts;
  }

  update(view: EndpointViews, now: number): void {
    const before = this.#endpoints;
    const index = this.#index;
    this.#index = new Map(view.map(({ id }, i) => [id, i]));
    this.#endpoints = view.map(({ id, state, weight }) => {
      const known = before[index.get(id) ?? -1];
      const drainingSince = state !== 'draining' ? Infinity : known && known.drainingSince < Infinity ? known.drainingSince : now;
      return { id, drainingSince, weight, usable: known?.usable ?? true, stickyEligible: known?.stickyEligible ?? true };
    });
    this.#inner.update(view, now);
  }

  step(budget: number): boolean {
    return this.#inner.step?.(budget) ?? true;
  }

  setUsable(i: number, on: boolean, stickyEligible = on): void {
    const place = this.#endpoints[i] as AffinityEndpoint;
    place.usable = on;
    place.stickyEligible = stickyEligible;
    this.#inner.setUsable(i, on);
  }

  pick(c: PickContext): number {
    const bound = c.hash === undefined ? -1 : this.#lookUp(c.hash, c);
    // Retries do not count as another use of the key.
    if (c.hash !== undefined && c.tried.length === 0) this.#counts[bound >= 0 ? 'hits' : 'misses']++;
    return bound >= 0 ? bound : this.#inner.pick(c);
  }

  #lookUp(hash: Hash, { tried, now }: PickContext): number {
    const key = keyOf(hash);
    const entry = this.#entries.get(key);
    if (entry === undefined) return -1;
    this.#entries.delete(key);
    if (now - entry.usedAt > this.#options.idleTimeout) return -1;
    // Moves it to the end of the order.
    entry.usedAt = now;
    this.#entries.set(key, entry);
    const i = this.#index.get(entry.id) ?? -1;
    return i >= 0 && this.#isStickyEligible(i, now) && !tried.includes(i) ? i : -1;
  }

  #isStickyEligible(i: number, now: number): boolean {
    const { usable, stickyEligible, drainingSince, weight } = this.#endpoints[i] as AffinityEndpoint;
    return weight > 0 && (usable || (stickyEligible && now - drainingSince < this.#options.drain));
  }

  begin(i: number, hash?: Hash): Handle {
    return { id: (this.#endpoints[i] as AffinityEndpoint).id, hash, inner: this.#inner.begin(i, hash) } satisfies AffinityHandle;
  }

  end(h: Handle, ok: boolean | undefined, headMs: number, now: number): void {
    const { id, hash, inner } = h as AffinityHandle;
    this.#inner.end(inner, ok, headMs, now);
    if (ok !== true || hash === undefined) return;
    const key = keyOf(hash);
    this.#entries.delete(key);
    this.#makeRoom(now);
    this.#entries.set(key, { id, usedAt: now });
  }

  /** Idle keys are dropped first, since they are the least recently used. */
  #makeRoom(now: number): void {
    for (const [key, { usedAt }] of this.#entries) {
      const idle = now - usedAt > this.#options.idleTimeout;
      if (!idle && this.#entries.size < this.#options.maxEntries) return;
      this.#entries.delete(key);
      if (!idle) this.#counts.evictions++;
    }
  }
}

/** 53 of the 64 bits, as a number holds them: among 65,536 keys, two collide in one of four million tables. */
function keyOf({ high, low }: Hash): number {
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}
