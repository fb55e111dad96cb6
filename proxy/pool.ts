/**
 * The endpoints of one pool at run time: which of them may be picked now, and why not. Usable = in the pick set ∧ healthy ∧ not
 * ejected; the balancer adds weight. A new snapshot is taken as a difference: an endpoint that stays keeps its state.
 */
import type { Balancer } from './balance/balancer.ts';
import type { Hash } from './balance/hash.ts';
import { createBalancer } from './balance/index.ts';
import { Outlier } from './health/outlier.ts';
import { PoolEndpoint } from './pool-endpoint.ts';
import type { Outcome, PoolDeps, Work } from './pool-seam.ts';
import { SlowStart } from './resilience/slow-start.ts';
import type { Endpoint, HashOn, LoadBalancer, PoolPart, UnhealthyEndpoint } from './snapshot/types.ts';

export class Pool {
  readonly id: string;
  endpoints: readonly PoolEndpoint[] = [];
  #part: PoolPart;
  #digest = '';
  /** Of this proxy; empty: not known. */
  #zone = '';
  #balancer: Balancer;
  #outlier: Outlier;
  #slowStart = new SlowStart();
  #deps: PoolDeps;
  #byId = new Map<string, PoolEndpoint>();
  /** Endpoints in the pick set that are usable now. */
  #usable = 0;
  #active = 0;
  #nextReturn = Infinity;
  #context: { tried: number[]; now: number; random: () => number; hash: Hash | undefined };
  #nothingTried: number[] = [];

  constructor(id: string, part: PoolPart, deps: PoolDeps) {
    this.id = id;
    this.#part = part;
    this.#deps = deps;
    this.#balancer = this.#create(part.loadBalancer);
    this.#outlier = new Outlier(part.healthCheck.passive);
    this.#context = { tried: this.#nothingTried, now: 0, random: deps.random, hash: undefined };
  }

  /** Takes a part in force. Nothing happens where it is the one in force already. */
  update(part: PoolPart, digest: string, zone = ''): void {
    if (digest === this.#digest && zone === this.#zone) return;
    const before = this.#part;
    const moved = zone !== this.#zone && 'zoneAware' in part.loadBalancer;
    this.#part = part;
    this.#digest = digest;
    this.#zone = zone;
    if (moved || JSON.stringify(before.loadBalancer) !== JSON.stringify(part.loadBalancer)) {
      this.#deps.background.delete(this.#balancer);
      this.#balancer = this.#create(part.loadBalancer);
    }
    this.#outlier.configure(part.healthCheck.passive);
    const sameCheck = JSON.stringify(before.healthCheck.active) === JSON.stringify(part.healthCheck.active);
    this.#slowStart.configure('slowStart' in part.loadBalancer ? part.loadBalancer.slowStart : undefined);
    this.#takeEndpoints(part.endpoints, sameCheck);
    this.#judgeAll();
    this.#slowStart.weigh(this.endpoints, this.#deps.now());
    this.#updateBalancer();
    for (const e of this.endpoints) this.#balancer.usable(e.index, e.usable, e.healthy);
  }

  #updateBalancer(): void {
    this.#balancer.update(this.endpoints, this.#deps.now());
    if (this.#balancer.step?.(0) === false) this.#deps.background.add(this.#balancer);
    for (const e of this.endpoints) e.metrics.describe(e.healthy, e.weight);
  }

  #weigh(now: number): void {
    if (this.#slowStart.weigh(this.endpoints, now)) this.#updateBalancer();
  }

  #create(lb: LoadBalancer): Balancer {
    return createBalancer(lb, Math.floor(this.#deps.random() * 0x7fffffff), this.#deps.tables, this.#zone);
  }

  /** What of a request its key is made of; undefined: the strategy wants none. */
  get hashOn(): HashOn | undefined {
    const lb = this.#part.loadBalancer;
    return lb.type === 'ConsistentHash' ? lb.consistentHash.hashOn : undefined;
  }

  /** Some count by themselves. */
  get balancer(): Balancer {
    return this.#balancer;
  }

  /** The endpoint for a new try, or undefined when no usable one is left that was not tried. */
  pick(tried: readonly PoolEndpoint[], now: number, hash?: Hash): PoolEndpoint | undefined {
    if (now >= this.#nextReturn) this.#readmit(now);
    if (now >= this.#slowStart.next) this.#weigh(now);
    const c = this.#context;
    c.now = now;
    c.hash = hash;
    c.tried = tried.length === 0 ? this.#nothingTried : this.#indexes(tried);
    const i = this.#balancer.pick(c);
    return i < 0 ? undefined : this.endpoints[i];
  }

  /** Whether a try on `e` makes sense now. */
  takes(e: PoolEndpoint): boolean {
    return e.index >= 0 && this.endpoints[e.index] === e && e.usable && e.fullWeight > 0;
  }

  /** Whether work that belongs to `e` may still go there: also while it drains, for `drain` ms. */
  keeps(e: PoolEndpoint, drain: number, now: number): boolean {
    if (e.index < 0 || e.fullWeight === 0) return false;
    return e.usable || (e.healthy && now - e.drainingSince < drain);
  }

  /** Whether a usable endpoint is left that was not tried. */
  hasOther(tried: readonly PoolEndpoint[]): boolean {
    return this.endpoints.some((e) => this.takes(e) && !tried.includes(e));
  }

  /** `hash` as at its pick. */
  begin(endpoint: PoolEndpoint, hash?: Hash): Work {
    endpoint.metrics.begin();
    const balancer = this.#balancer;
    return { endpoint, balancer, handle: balancer.begin(endpoint.index, hash) };
  }

  /** Once for every `begin`. `headMs`: milliseconds until the response head, or until failure. */
  end(work: Work, outcome: Outcome, headMs: number, now: number): void {
    const { endpoint } = work;
    endpoint.metrics.end();
    work.balancer.end(work.handle, outcome === 'unknown' ? undefined : outcome === 'ok', headMs, now);
    if (outcome === 'unknown' || endpoint.index < 0) return;
    if (!this.#outlier.record(endpoint.id, outcome === 'connect-failure' ? outcome : 'other', now, this.#usable, this.#active))
      return;
    endpoint.metrics.ejected();
    this.#deps.ejected(this.id, endpoint, this.#outlier.evidence(endpoint.id));
    this.#nextReturn = this.#outlier.nextReturn();
    this.#refresh(endpoint);
  }

  /** Endpoints that may not be picked for their health, with evidence. */
  unhealthy(now: number): UnhealthyEndpoint[] {
    const found: UnhealthyEndpoint[] = [];
    for (const e of this.endpoints) {
      const of = { pool: this.id, endpoint: e.id };
      if (e.watch?.healthy === false) found.push({ ...of, reason: 'probe', detail: e.watch.detail });
      else if (this.#outlier.isEjected(e.id, now)) found.push({ ...of, reason: 'ejected', detail: this.#outlier.evidence(e.id) });
    }
    return found;
  }

  /** Stops watching; requests in flight may still end. */
  close(): void {
    this.#deps.background.delete(this.#balancer);
    for (const e of this.endpoints) this.#leave(e);
    this.endpoints = [];
  }

  #takeEndpoints(wanted: readonly Endpoint[], sameCheck: boolean): void {
    const next = new Map<string, PoolEndpoint>();
    const checked = this.#part.healthCheck.active !== undefined;
    for (const w of wanted) {
      const known = this.#byId.get(w.id);
      const stays = known?.address === w.address && known.port === w.port;
      const e = stays ? known : new PoolEndpoint(w, this.#deps.metrics.endpoint(w.hashKey));
      if (this.#byId.size > 0 && w.state === 'active' && (!stays || e.state === 'draining')) e.startedAt = this.#deps.now();
      e.take(w, checked && (stays ? e.state === 'filling' : this.#byId.size > 0), this.#deps.now());
      if (!stays || !sameCheck) this.#watch(e);
      next.set(w.id, e);
    }
    for (const e of this.endpoints) if (next.get(e.id) !== e) this.#leave(e);
    this.#byId = next;
    this.endpoints = [...next.values()];
    this.endpoints.forEach((e, i) => (e.index = i));
    this.#active = this.endpoints.filter((e) => e.state !== 'draining' && e.fullWeight > 0).length;
  }

  #watch(e: PoolEndpoint): void {
    const check = this.#part.healthCheck.active;
    const before = e.watch;
    e.watch =
      check &&
      this.#deps.prober.watch(
        e,
        check,
        () => this.#refresh(e),
        (ok) => this.#onProbe(e, ok),
      );
    // Only now, so that a probe that goes on is never without a watcher.
    before?.stop();
  }

  /** When the endpoint answers, what passive checks hold against it is over. */
  #onProbe(e: PoolEndpoint, ok: boolean): void {
    e.metrics.probed(ok);
    if (ok && e.state === 'filling') {
      e.state = 'active';
      if (e.index >= 0) this.#updateBalancer();
    }
    if (!ok || !this.#outlier.absolve(e.id)) return;
    this.#nextReturn = this.#outlier.nextReturn();
    this.#refresh(e);
  }

  #leave(e: PoolEndpoint): void {
    e.watch?.stop();
    e.index = -1;
    this.#outlier.forget(e.id);
    e.metrics.release();
    this.#deps.left(e);
  }

  #judgeAll(): void {
    this.#usable = 0;
    const now = this.#deps.now();
    for (const e of this.endpoints) {
      e.healthy = this.#isHealthy(e, now);
      e.usable = this.#isUsable(e);
      if (e.usable && e.fullWeight > 0) this.#usable++;
    }
    this.#nextReturn = this.#outlier.nextReturn();
  }

  #refresh(e: PoolEndpoint): void {
    if (e.index < 0) return;
    const now = this.#deps.now();
    const healthy = this.#isHealthy(e, now);
    if (healthy === e.healthy) return;
    e.healthy = healthy;
    if (healthy) e.startedAt = now;
    const usable = this.#isUsable(e);
    if (usable !== e.usable && e.fullWeight > 0) this.#usable += usable ? 1 : -1;
    e.usable = usable;
    e.metrics.describe(healthy, e.weight);
    this.#weigh(now);
    this.#balancer.usable(e.index, usable, healthy);
  }

  #isHealthy(e: PoolEndpoint, now: number): boolean {
    return e.watch?.healthy !== false && !this.#outlier.isEjected(e.id, now);
  }

  /** With no active endpoint, the draining ones serve. */
  #isUsable(e: PoolEndpoint): boolean {
    return (e.state !== 'draining' || this.#active === 0) && e.healthy;
  }

  #readmit(now: number): void {
    for (const id of this.#outlier.returned(now)) {
      const e = this.#byId.get(id);
      if (e) this.#refresh(e);
    }
    this.#nextReturn = this.#outlier.nextReturn();
  }

  #indexes(tried: readonly PoolEndpoint[]): number[] {
    const indexes: number[] = [];
    for (const e of tried) if (e.index >= 0 && this.endpoints[e.index] === e) indexes.push(e.index);
    return indexes;
  }
}
