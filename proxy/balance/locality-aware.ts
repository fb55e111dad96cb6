import type { Balancer, Handle, PickContext, EndpointViews } from './balancer.ts';
import { EndpointTable } from './endpoint-table.ts';
import { findLocal } from './locality.ts';
import type { LocalPreference } from './locality.ts';

/**
 * Fraction of the local weight that must be usable for local endpoints to keep all of the traffic: the inverse of Envoy's
 * overprovisioning factor of 140%.
 */
const ENOUGH_LOCAL_WEIGHT = 0.7;

export interface LocalityAwareOptions {
  readonly preference: LocalPreference;
  /** Differs between proxies, so that they do not overflow in step. */
  readonly seed: number;
  /** Makes a balancer of the configured strategy, in which all requests of an endpoint have the same handle. */
  readonly make: () => Balancer;
}

/** Attempts that began, by where; they never decrease. */
export interface LocalityCounts {
  readonly local: number;
  readonly other: number;
}

const NONE_TRIED: readonly number[] = [];

/** One endpoint while it is in the list; also the handle of its requests. */
interface Member {
  group: LocalityGroup;
  /** In the group. */
  index: number;
  inFlight: number;
  /** Of its requests, in the group. */
  handle: Handle | undefined;
}

/**
 * Keeps requests at the endpoints that are local to the proxy. Local endpoints and all others have a balancer of the same strategy
 * each; an endpoint that moves between them takes its requests in flight with it. The share of requests that stay local:
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
export class LocalityAware implements Balancer {
  readonly #o: LocalityAwareOptions;
  readonly #endpoints = new EndpointTable();
  readonly #local: LocalityGroup;
  readonly #others: LocalityGroup;
  /** By index into the list. */
  #members: readonly Member[] = [];
  #draining = new Uint8Array(0);
  #stale = true;
  #preferred = false;
  #share = 0;
  /** Accumulates the local share per request; at 1 a request stays local. */
  #credit: number;

  constructor(o: LocalityAwareOptions) {
    this.#o = o;
    this.#local = new LocalityGroup(o.make());
    this.#others = new LocalityGroup(o.make());
    this.#credit = (o.seed % 1024) / 1024;
  }

  get counts(): LocalityCounts {
    return { local: this.#local.started, other: this.#others.started };
  }

  update(view: EndpointViews, now: number): void {
    const moved = this.#assign(view);
    this.#draining = Uint8Array.from(view, ({ state }) => (state === 'draining' ? 1 : 0));
    for (const group of [this.#local, this.#others]) {
      const indexes = view.flatMap((_, i) => (this.#member(i).group === group ? [i] : []));
      indexes.forEach((i, inner) => (this.#member(i).index = inner));
      group.update(view, indexes, now);
    }
    for (const member of moved) beginAgain(member);
    // In its new group, an endpoint that moved is new, and so usable.
    view.forEach((_, i) => this.#forwardUsable(i));
    this.#stale = true;
  }

  /** Puts every endpoint into its group; returns those that were in the other one. */
  #assign(view: EndpointViews): readonly Member[] {
    const before = this.#members;
    const from = this.#endpoints.update(view);
    const local = findLocal(this.#o.preference, view);
    const moved: Member[] = [];
    this.#members = view.map((_, i) => {
      const group = local[i] === true ? this.#local : this.#others;
      const member = before[from[i] as number] ?? { group, index: -1, inFlight: 0, handle: undefined };
      if (member.group !== group) moved.push(member);
      member.group = group;
      return member;
    });
    return moved;
  }

  #member(i: number): Member {
    return this.#members[i] as Member;
  }

  setUsable(i: number, on: boolean): void {
    this.#endpoints.usable(i, on);
    this.#forwardUsable(i);
    this.#stale = true;
  }

  #forwardUsable(i: number): void {
    const { group, index } = this.#member(i);
    group.balancer.setUsable(index, this.#endpoints.selectable[i] === 1);
  }

  pick(c: PickContext): number {
    if (this.#stale) this.#updateShare();
    const staysLocal = this.#choosesLocal(c.tried.length);
    const i = this.#pick(staysLocal ? this.#local : this.#others, c);
    return i >= 0 ? i : this.#pick(staysLocal ? this.#others : this.#local, c);
  }

  begin(i: number): Handle {
    const member = this.#members[i];
    if (member === undefined) throw new RangeError(`no endpoint ${i}`);
    member.group.started++;
    begin(member);
    return member;
  }

  end(h: Handle, ok: boolean | undefined, headMs: number, now: number): void {
    const member = h as Member;
    member.inFlight--;
    member.group.balancer.end(member.handle as Handle, ok, headMs, now);
  }

  /**
   * The second attempt of a request stays local where that is preferred, whatever the share: nearly always only one endpoint failed.
   * Any further attempt leaves: a zone that failed twice may be down as a whole, before any check has noticed.
   */
  #choosesLocal(tried: number): boolean {
    if (tried > 0 && this.#preferred) return tried === 1;
    this.#credit += this.#share;
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }

  #pick(group: LocalityGroup, c: PickContext): number {
    return group.pick(c, c.tried.length === 0 ? NONE_TRIED : this.#triedIn(group, c.tried));
  }

  #triedIn(group: LocalityGroup, tried: readonly number[]): number[] {
    const inner: number[] = [];
    for (const i of tried) if (this.#members[i]?.group === group) inner.push(this.#member(i).index);
    return inner;
  }

  #updateShare(): void {
    const { weights, selectable, size } = this.#endpoints;
    let [local, usableLocal, usable, endpoints] = [0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      const weight = weights[i] as number;
      const isSelectable = selectable[i] === 1;
      if (isSelectable) usable += weight;
      if (this.#member(i).group !== this.#local) continue;
      if (isSelectable || this.#draining[i] === 0) local += weight;
      if (!isSelectable) continue;
      usableLocal += weight;
      endpoints++;
    }
    const fair = usable > 0 ? usableLocal / usable : 0;
    this.#preferred = endpoints >= this.#o.preference.minEndpoints;
    this.#share = this.#preferred ? Math.max(fair, Math.min(1, usableLocal / local / ENOUGH_LOCAL_WEIGHT)) : fair;
    this.#stale = false;
  }
}

function begin(member: Member): void {
  member.inFlight++;
  member.handle = member.group.balancer.begin(member.index);
}

/** The requests in flight of a member that has left its group, in its new one. */
function beginAgain(member: Member): void {
  const { inFlight } = member;
  member.inFlight = 0;
  while (member.inFlight < inFlight) begin(member);
}

/** The local endpoints, or all others, with a balancer of their own. */
class LocalityGroup {
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
