import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { EndpointTable } from './endpoint-table.ts';

/**
 * Fraction of the local weight that must be usable for the zone to keep all of its traffic: the inverse of Envoy's overprovisioning
 * factor of 140%.
 */
const ENOUGH_LOCAL_WEIGHT = 0.7;

export interface ZoneAwareOptions {
  /** Zone of the proxy; not empty. */
  readonly zone: string;
  /** With fewer usable local endpoints the zone is not preferred; ≥ 1. */
  readonly minEndpoints: number;
  /** Differs between proxies, so that they do not overflow in step. */
  readonly seed: number;
  /** Makes a balancer of the configured strategy. */
  readonly make: () => Balancer;
}

/** Attempts that began, by zone; they never decrease. */
export interface ZoneCounts {
  readonly local: number;
  readonly other: number;
}

const NONE_TRIED: readonly number[] = [];

interface ZoneHandle {
  readonly group: ZoneGroup;
  readonly inner: Handle;
}

/**
 * Keeps requests in the proxy's zone. Local endpoints and all others have a balancer of the same strategy each, so that each counts
 * only its own requests. The share of requests that stay local:
 *
 * | usable local endpoints                | share                                                        |
 * |---------------------------------------|--------------------------------------------------------------|
 * | fewer than `minEndpoints`             | usable local weight of all usable weight: nothing preferred  |
 * | ≥ 70% of the local weight             | 1                                                            |
 * | less of it                            | that part ÷ 70%, but never less than without preference      |
 *
 * Draining endpoints do not count as local weight unless they serve. Shares are kept by smooth rotation, not by chance, and
 * recomputed only after an update or a change of usability.
 */
export class ZoneAware implements Balancer {
  readonly #o: ZoneAwareOptions;
  readonly #endpoints = new EndpointTable();
  readonly #local: ZoneGroup;
  readonly #others: ZoneGroup;
  /** By index into the list: the group of the endpoint, and its index there. */
  #groups: ZoneGroup[] = [];
  #indexInGroup = new Int32Array(0);
  #draining = new Uint8Array(0);
  #stale = true;
  #preferred = false;
  #share = 0;
  /** Accumulates the local share per request; at 1 a request stays local. */
  #credit: number;

  constructor(o: ZoneAwareOptions) {
    this.#o = o;
    this.#local = new ZoneGroup(o.make());
    this.#others = new ZoneGroup(o.make());
    this.#credit = (o.seed % 1024) / 1024;
  }

  get counts(): ZoneCounts {
    return { local: this.#local.started, other: this.#others.started };
  }

  update(view: EndpointViews, now: number): void {
    this.#endpoints.update(view);
    this.#groups = view.map(({ zone }) => (zone === this.#o.zone ? this.#local : this.#others));
    this.#draining = Uint8Array.from(view, ({ state }) => (state === 'draining' ? 1 : 0));
    this.#indexInGroup = new Int32Array(view.length);
    for (const group of [this.#local, this.#others]) {
      const members = view.flatMap((_, i) => (this.#groups[i] === group ? [i] : []));
      members.forEach((i, inner) => (this.#indexInGroup[i] = inner));
      group.update(view, members, now);
    }
    // In its new group, an endpoint that changed zones is new, and so usable.
    view.forEach((_, i) => this.#forwardUsable(i));
    this.#stale = true;
  }

  setUsable(i: number, on: boolean): void {
    this.#endpoints.usable(i, on);
    this.#forwardUsable(i);
    this.#stale = true;
  }

  #forwardUsable(i: number): void {
    (this.#groups[i] as ZoneGroup).balancer.setUsable(this.#indexInGroup[i] as number, this.#endpoints.selectable[i] === 1);
  }

  pick(c: PickContext): number {
    if (this.#stale) this.#updateShare();
    const staysLocal = this.#choosesLocal(c.tried.length);
    const i = this.#pick(staysLocal ? this.#local : this.#others, c);
    return i >= 0 ? i : this.#pick(staysLocal ? this.#others : this.#local, c);
  }

  begin(i: number): Handle {
    const group = this.#groups[i];
    if (group === undefined) throw new RangeError(`no endpoint ${i}`);
    group.started++;
    return { group, inner: group.balancer.begin(this.#indexInGroup[i] as number) } satisfies ZoneHandle;
  }

  end(h: Handle, ok: boolean | undefined, headMs: number, now: number): void {
    const { group, inner } = h as ZoneHandle;
    group.balancer.end(inner, ok, headMs, now);
  }

  /**
   * The second attempt of a request stays in a preferred zone, whatever the share: nearly always only one endpoint failed. Any
   * further attempt leaves it: a zone that failed twice may be down as a whole, before any check has noticed.
   */
  #choosesLocal(tried: number): boolean {
    if (tried > 0 && this.#preferred) return tried === 1;
    this.#credit += this.#share;
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }

  #pick(group: ZoneGroup, c: PickContext): number {
    return group.pick(c, c.tried.length === 0 ? NONE_TRIED : this.#triedIn(group, c.tried));
  }

  #triedIn(group: ZoneGroup, tried: readonly number[]): number[] {
    const inner: number[] = [];
    for (const i of tried) if (this.#groups[i] === group) inner.push(this.#indexInGroup[i] as number);
    return inner;
  }

  #updateShare(): void {
    const { weights, selectable, size } = this.#endpoints;
    let [local, usableLocal, usable, endpoints] = [0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      const weight = weights[i] as number;
      const isSelectable = selectable[i] === 1;
      if (isSelectable) usable += weight;
      if (this.#groups[i] !== this.#local) continue;
      if (isSelectable || this.#draining[i] === 0) local += weight;
      if (!isSelectable) continue;
      usableLocal += weight;
      endpoints++;
    }
    const fair = usable > 0 ? usableLocal / usable : 0;
    this.#preferred = endpoints >= this.#o.minEndpoints;
    this.#share = this.#preferred ? Math.max(fair, Math.min(1, usableLocal / local / ENOUGH_LOCAL_WEIGHT)) : fair;
    this.#stale = false;
  }
}

/** The endpoints of the proxy's zone, or all others, with a balancer of their own. */
class ZoneGroup {
  readonly balancer: Balancer;
  readonly #context: { tried: readonly number[]; now: number; random: () => number; hash: undefined };
  started = 0;
  /** Indexes into the whole list. */
  #members: readonly number[] = [];

  constructor(balancer: Balancer) {
    this.balancer = balancer;
    this.#context = { tried: NONE_TRIED, now: 0, random: () => 0, hash: undefined };
  }

  update(view: EndpointViews, members: readonly number[], now: number): void {
    this.#members = members;
    this.balancer.update(
      members.map((i) => view[i] as EndpointViews[number]),
      now,
    );
  }

  /** @param tried indexes in this group. */
  pick({ now, random }: PickContext, tried: readonly number[]): number {
    const c = this.#context;
    c.tried = tried;
    c.now = now;
    c.random = random;
    const inner = this.balancer.pick(c);
    return inner < 0 ? -1 : (this.#members[inner] as number);
  }
}
