import type { Balancer, Handle, PickContext, PoolView } from './balancer.ts';
import type { Hash } from './hash.ts';

export interface AffinityOptions {
  /** Keys that are remembered; ≥ 1. */
  readonly maxEntries: number;
  /** Milliseconds after its last use for which a key is remembered. */
  readonly idleTimeout: number;
  /** Milliseconds for which an endpoint that drains keeps its keys. */
  readonly drain: number;
}

/** What became of keys; they only count up. */
export interface AffinityCounts {
  /** Requests that went where their key belongs. */
  readonly hits: number;
  /** Requests whose key was not remembered, or whose endpoint could not be used. */
  readonly misses: number;
  /** Keys that were forgotten for want of room before they were idle. */
  readonly evictions: number;
}

interface Entry {
  readonly id: string;
  used: number;
}

interface Bound {
  readonly id: string;
  readonly hash: Hash | undefined;
  readonly inner: Handle;
}

interface Place {
  readonly id: string;
  /** Milliseconds at which it began to drain; Infinity: it does not. */
  readonly draining: number;
  readonly weight: number;
  open: boolean;
  keeps: boolean;
}

/**
 * Affinity in front of a hash (Katran's connection table): a bounded LRU of key → endpoint, so that a key in use stays where it is
 * while endpoints come and go. A key is bound, or bound elsewhere, only by a request that succeeded there. Requests without a key
 * pass it by.
 */
export class Affinity implements Balancer {
  readonly #inner: Balancer;
  readonly #o: AffinityOptions;
  /** The one used longest ago comes first. */
  readonly #entries = new Map<number, Entry>();
  #places: Place[] = [];
  #index = new Map<string, number>();
  readonly #counts = { hits: 0, misses: 0, evictions: 0 };

  constructor(inner: Balancer, o: AffinityOptions) {
    this.#inner = inner;
    this.#o = o;
  }

  get counts(): AffinityCounts {
    return this.#counts;
  }

  update(view: PoolView, now: number): void {
    const before = this.#places;
    const index = this.#index;
    this.#index = new Map(view.map(({ id }, i) => [id, i]));
    this.#places = view.map(({ id, state, weight }) => {
      const known = before[index.get(id) ?? -1];
      const draining = state !== 'draining' ? Infinity : known && known.draining < Infinity ? known.draining : now;
      return { id, draining, weight, open: known?.open ?? true, keeps: known?.keeps ?? true };
    });
    this.#inner.update(view, now);
  }

  step(budget: number): boolean {
    return this.#inner.step?.(budget) ?? true;
  }

  usable(i: number, on: boolean, keeps = on): void {
    const place = this.#places[i] as Place;
    place.open = on;
    place.keeps = keeps;
    this.#inner.usable(i, on);
  }

  pick(c: PickContext): number {
    const bound = c.hash === undefined ? -1 : this.#boundTo(c.hash, c);
    // A further try of a request is no further use of its key.
    if (c.hash !== undefined && c.tried.length === 0) this.#counts[bound >= 0 ? 'hits' : 'misses']++;
    return bound >= 0 ? bound : this.#inner.pick(c);
  }

  #boundTo(hash: Hash, { tried, now }: PickContext): number {
    const key = keyOf(hash);
    const entry = this.#entries.get(key);
    if (entry === undefined) return -1;
    this.#entries.delete(key);
    if (now - entry.used > this.#o.idleTimeout) return -1;
    // Last in the order again.
    entry.used = now;
    this.#entries.set(key, entry);
    const i = this.#index.get(entry.id) ?? -1;
    return i >= 0 && this.#takes(i, now) && !tried.includes(i) ? i : -1;
  }

  #takes(i: number, now: number): boolean {
    const { open, keeps, draining, weight } = this.#places[i] as Place;
    return weight > 0 && (open || (keeps && now - draining < this.#o.drain));
  }

  begin(i: number, hash?: Hash): Handle {
    return { id: (this.#places[i] as Place).id, hash, inner: this.#inner.begin(i, hash) } satisfies Bound;
  }

  end(h: Handle, ok: boolean | undefined, headMs: number, now: number): void {
    const { id, hash, inner } = h as Bound;
    this.#inner.end(inner, ok, headMs, now);
    if (ok !== true || hash === undefined) return;
    const key = keyOf(hash);
    this.#entries.delete(key);
    this.#makeRoom(now);
    this.#entries.set(key, { id, used: now });
  }

  /** Idle keys go first, since they are those used longest ago. */
  #makeRoom(now: number): void {
    for (const [key, { used }] of this.#entries) {
      const idle = now - used > this.#o.idleTimeout;
      if (!idle && this.#entries.size < this.#o.maxEntries) return;
      this.#entries.delete(key);
      if (!idle) this.#counts.evictions++;
    }
  }
}

/** 53 of the 64 bits, as a number holds them: among 65,536 keys, two agree once in four million tables. */
function keyOf({ high, low }: Hash): number {
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}
