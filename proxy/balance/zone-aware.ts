import type { Balancer, Handle, PickContext, PoolView } from './balancer.ts';
import { Slots } from './endpoint-table.ts';

/** While so much of the local weight is usable, the zone keeps all of its traffic: Envoy's 140% of provisioning, the other way round. */
const ENOUGH = 0.7;

export interface ZoneAwareOptions {
  /** Of the proxy; not empty. */
  readonly zone: string;
  /** Usable local endpoints below which the zone is not preferred; ≥ 1. */
  readonly minEndpoints: number;
  /** So that proxies do not overflow in step. */
  readonly seed: number;
  /** A balancer of the strategy in force. */
  readonly make: () => Balancer;
}

/** Tries that began, by where; they only count up. */
export interface ZoneCounts {
  readonly local: number;
  readonly other: number;
}

const NOTHING: readonly number[] = [];

interface Begun {
  readonly side: Side;
  readonly inner: Handle;
}

/**
 * Keeps requests in the proxy's zone. One balancer has the local endpoints, another one of the same strategy the others, so that
 * what each counts stays right. The share of requests that stay local:
 *
 * | usable local endpoints                | share                                                        |
 * |---------------------------------------|--------------------------------------------------------------|
 * | fewer than `minEndpoints`             | usable local weight of all usable weight: nothing preferred  |
 * | ≥ 70% of the local weight             | 1                                                            |
 * | less of it                            | that part ÷ 70%, but never less than without preference      |
 *
 * Endpoints that drain are no part of the local weight unless they serve: who leaves is not ill. Shares are kept by smooth rotation,
 * not by chance, and reckoned anew only after an update or a change of what is usable.
 */
export class ZoneAware implements Balancer {
  readonly #o: ZoneAwareOptions;
  readonly #slots = new Slots();
  readonly #local: Side;
  readonly #others: Side;
  /** By index into the view: which side has it, and as its what. */
  #sides: Side[] = [];
  #inner = new Int32Array(0);
  #draining = new Uint8Array(0);
  #stale = true;
  #preferred = false;
  #share = 0;
  /** Of a request that is to stay local; below 1 between picks. */
  #due: number;

  constructor(o: ZoneAwareOptions) {
    this.#o = o;
    this.#local = new Side(o.make());
    this.#others = new Side(o.make());
    this.#due = (o.seed % 1024) / 1024;
  }

  get counts(): ZoneCounts {
    return { local: this.#local.begun, other: this.#others.begun };
  }

  update(view: PoolView, now: number): void {
    this.#slots.update(view);
    this.#sides = view.map(({ zone }) => (zone === this.#o.zone ? this.#local : this.#others));
    this.#draining = Uint8Array.from(view, ({ state }) => (state === 'draining' ? 1 : 0));
    this.#inner = new Int32Array(view.length);
    for (const side of [this.#local, this.#others]) {
      const members = view.flatMap((_, i) => (this.#sides[i] === side ? [i] : []));
      members.forEach((i, inner) => (this.#inner[i] = inner));
      side.update(view, members, now);
    }
    // To a side, an endpoint that came from the other one is new, and so usable.
    view.forEach((_, i) => this.#tell(i));
    this.#stale = true;
  }

  usable(i: number, on: boolean): void {
    this.#slots.usable(i, on);
    this.#tell(i);
    this.#stale = true;
  }

  #tell(i: number): void {
    (this.#sides[i] as Side).balancer.usable(this.#inner[i] as number, this.#slots.open[i] === 1);
  }

  pick(c: PickContext): number {
    if (this.#stale) this.#weigh();
    const staysLocal = this.#staysLocal(c.tried.length);
    const i = this.#pick(staysLocal ? this.#local : this.#others, c);
    return i >= 0 ? i : this.#pick(staysLocal ? this.#others : this.#local, c);
  }

  begin(i: number): Handle {
    const side = this.#sides[i];
    if (side === undefined) throw new RangeError(`no endpoint ${i}`);
    side.begun++;
    return { side, inner: side.balancer.begin(this.#inner[i] as number) } satisfies Begun;
  }

  end(h: Handle, ok: boolean | undefined, headMs: number, now: number): void {
    const { side, inner } = h as Begun;
    side.balancer.end(inner, ok, headMs, now);
  }

  /**
   * A request's second try stays in a zone that is preferred, whatever the share: nearly always it was one endpoint that failed. Any
   * further one leaves it: a zone that failed twice may be down as a whole, before any check has noticed.
   */
  #staysLocal(tried: number): boolean {
    if (tried > 0 && this.#preferred) return tried === 1;
    this.#due += this.#share;
    if (this.#due < 1) return false;
    this.#due -= 1;
    return true;
  }

  #pick(side: Side, c: PickContext): number {
    return side.pick(c, c.tried.length === 0 ? NOTHING : this.#triedOf(side, c.tried));
  }

  #triedOf(side: Side, tried: readonly number[]): number[] {
    const inner: number[] = [];
    for (const i of tried) if (this.#sides[i] === side) inner.push(this.#inner[i] as number);
    return inner;
  }

  #weigh(): void {
    const { weights, open, size } = this.#slots;
    let [local, usableLocal, usable, endpoints] = [0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      const weight = weights[i] as number;
      const isOpen = open[i] === 1;
      if (isOpen) usable += weight;
      if (this.#sides[i] !== this.#local) continue;
      if (isOpen || this.#draining[i] === 0) local += weight;
      if (!isOpen) continue;
      usableLocal += weight;
      endpoints++;
    }
    const fair = usable > 0 ? usableLocal / usable : 0;
    this.#preferred = endpoints >= this.#o.minEndpoints;
    this.#share = this.#preferred ? Math.max(fair, Math.min(1, usableLocal / local / ENOUGH)) : fair;
    this.#stale = false;
  }
}

/** The endpoints of the proxy's zone, or all others, under a balancer of their own. */
class Side {
  readonly balancer: Balancer;
  readonly #context: { tried: readonly number[]; now: number; random: () => number; hash: undefined };
  begun = 0;
  /** Indexes into the whole view. */
  #members: readonly number[] = [];

  constructor(balancer: Balancer) {
    this.balancer = balancer;
    this.#context = { tried: NOTHING, now: 0, random: () => 0, hash: undefined };
  }

  update(view: PoolView, members: readonly number[], now: number): void {
    this.#members = members;
    this.balancer.update(
      members.map((i) => view[i] as PoolView[number]),
      now,
    );
  }

  /** @param tried by indexes of this side. */
  pick({ now, random }: PickContext, tried: readonly number[]): number {
    const c = this.#context;
    c.tried = tried;
    c.now = now;
    c.random = random;
    const inner = this.balancer.pick(c);
    return inner < 0 ? -1 : (this.#members[inner] as number);
  }
}
