/**
 * The endpoints of one pool at run time, and which of them takes the next request: the balancer picks among those that
 * endpoint-health.ts lets it, by weight. A new snapshot is taken as a difference: an endpoint that stays keeps its state.
 */
import type { Balancer } from '../balance/balancer.ts';
import type { Hash } from '../balance/hash.ts';
import type { ConnectionQuota } from '../message/attempt.ts';
import { createBalancer } from '../balance/strategies.ts';
import { PoolEndpoint } from './endpoint-state.ts';
import { PoolHealth } from './endpoint-health.ts';
import type { Outcome, PoolDeps, Trial, Work } from './endpoint-set-types.ts';
import { SlowStart } from '../resilience/slow-start.ts';
import type { Endpoint, HashOn, LoadBalancer, PoolPart } from '../snapshot/types.ts';

export class Pool {
  readonly id: string;
  readonly health: PoolHealth;
  endpoints: readonly PoolEndpoint[] = [];
  /** Of the policy's connections to all its backends; the route sets it. */
  quota: ConnectionQuota | undefined;
  /** Usable endpoints that have as many requests as they may. */
  #full = 0;
  #part: PoolPart;
  #digest = '';
  /** Of this proxy; empty: not known. */
  #zone = '';
  #balancer: Balancer;
  #slowStart = new SlowStart();
  #deps: PoolDeps;
  #byId = new Map<string, PoolEndpoint>();
  #context: { tried: number[]; now: number; random: () => number; hash: Hash | undefined };
  #nothingTried: number[] = [];

  constructor(id: string, part: PoolPart, deps: PoolDeps) {
    this.id = id;
    this.#part = part;
    this.#deps = deps;
    this.#balancer = this.#create(part.loadBalancer);
    this.health = new PoolHealth(id, part.healthCheck, deps, {
      changed: (endpoints) => this.#takeChange(endpoints),
      proven: () => this.#updateBalancer(),
    });
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
    const otherCheck = this.health.configure(part.healthCheck);
    this.#slowStart.configure('slowStart' in part.loadBalancer ? part.loadBalancer.slowStart : undefined);
    this.#takeEndpoints(part.endpoints, otherCheck);
    this.health.judge(this.endpoints);
    this.#slowStart.weigh(this.endpoints, this.#deps.now());
    this.#updateBalancer();
    this.#full = 0;
    for (const e of this.endpoints) {
      e.full = e.active >= this.#limit;
      if (e.full) this.#full++;
      this.#tell(e);
    }
  }

  get #limit(): number {
    return this.#part.maxParallelRequests ?? Infinity;
  }

  /** Tells the balancer whether it may pick an endpoint. */
  #tell(e: PoolEndpoint): void {
    this.#balancer.usable(e.index, e.usable && !e.full, e.healthy && !e.full);
  }

  #updateBalancer(): void {
    this.#balancer.update(this.endpoints, this.#deps.now());
    if (this.#balancer.step?.(0) === false) this.#deps.background.add(this.#balancer);
    for (const e of this.endpoints) e.metrics.describe(e.healthy, e.weight);
  }

  /** Some of the endpoints became usable or healthy, or no longer are. */
  #takeChange(endpoints: readonly PoolEndpoint[]): void {
    this.#weigh(this.#deps.now());
    for (const e of endpoints) {
      e.metrics.describe(e.healthy, e.weight);
      this.#tell(e);
    }
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

  /** By name. */
  get strategy(): string {
    const lb = this.#part.loadBalancer;
    return lb.type === 'ConsistentHash' ? lb.consistentHash.algorithm : lb.type;
  }

  /** Some count by themselves. */
  get balancer(): Balancer {
    return this.#balancer;
  }

  /** The endpoint for a new try, or undefined when no usable one is left that was not tried. */
  pick(tried: readonly PoolEndpoint[], now: number, hash?: Hash): PoolEndpoint | undefined {
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
    return e.index >= 0 && this.endpoints[e.index] === e && e.usable && !e.full && e.fullWeight > 0;
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

  /** Whether an endpoint would do, but has as many requests as it may. */
  get busy(): boolean {
    return this.#full > 0 && this.endpoints.some((e) => e.full && e.usable && e.fullWeight > 0);
  }

  /** `hash` as at its pick. `trial`: the endpoint is from `health.onTrial`, or `health.lastResort`. */
  begin(endpoint: PoolEndpoint, hash?: Hash, trial?: Trial): Work {
    endpoint.metrics.begin();
    if (++endpoint.active === this.#limit) this.#fill(endpoint, true);
    const balancer = this.#balancer;
    const work = { endpoint, balancer, handle: balancer.begin(endpoint.index, hash), trial };
    if (trial === 'due') this.health.beginTrial(work);
    return work;
  }

  /** Once for every `begin`. `headMs`: milliseconds until the response head, or until failure. */
  end(work: Work, outcome: Outcome, headMs: number, now: number): void {
    const { endpoint, balancer, handle } = work;
    endpoint.metrics.end();
    balancer.end(handle, outcome === 'unknown' ? undefined : outcome === 'ok', headMs, now);
    if (--endpoint.active < this.#limit && endpoint.full) this.#fill(endpoint, false);
  }

  #fill(e: PoolEndpoint, full: boolean): void {
    if (e.index < 0) return;
    e.full = full;
    this.#full += full ? 1 : -1;
    this.#tell(e);
  }

  /** Stops watching; requests in flight may still end. */
  close(): void {
    this.#deps.background.delete(this.#balancer);
    for (const e of this.endpoints) this.#leave(e);
    this.endpoints = [];
  }

  #takeEndpoints(wanted: readonly Endpoint[], otherCheck: boolean): void {
    const next = new Map<string, PoolEndpoint>();
    for (const w of wanted) {
      const known = this.#byId.get(w.id);
      const stays = known?.address === w.address && known.port === w.port;
      const e = stays ? known : new PoolEndpoint(w, this, this.#deps.metrics.endpoint(w.hashKey, w.zone));
      if (this.#byId.size > 0 && w.state === 'active' && (!stays || e.state === 'draining')) e.startedAt = this.#deps.now();
      e.take(w, this.health.probes && (stays ? e.state === 'filling' : this.#byId.size > 0), this.#deps.now());
      if (!stays || otherCheck) this.health.watch(e);
      if (!stays) {
        e.turnedAt = this.#deps.now();
        this.#deps.joined(e);
      }
      next.set(w.id, e);
    }
    for (const e of this.endpoints) if (next.get(e.id) !== e) this.#leave(e);
    this.#byId = next;
    this.endpoints = [...next.values()];
    this.endpoints.forEach((e, i) => (e.index = i));
  }

  #leave(e: PoolEndpoint): void {
    e.index = -1;
    this.health.leave(e);
    e.metrics.release();
    this.#deps.left(e);
  }

  #indexes(tried: readonly PoolEndpoint[]): number[] {
    const indexes: number[] = [];
    for (const e of tried) if (e.index >= 0 && this.endpoints[e.index] === e) indexes.push(e.index);
    return indexes;
  }
}
