/**
 * The endpoints of one pool at run time, and which of them takes the next request: the balancer picks among those that
 * endpoint-health.ts lets it, by weight. A new snapshot is taken as a difference: an endpoint that stays keeps its state.
 */
import type { Balancer } from '../balance/balancer.ts';
import type { Hash } from '../balance/hash.ts';
import type { ConnectionQuota } from '../message/attempt.ts';
import { createBalancer } from '../balance/strategies.ts';
import { EndpointState } from './endpoint-state.ts';
import { EndpointHealth } from './endpoint-health.ts';
import type { EndpointHealthDeps } from './endpoint-health.ts';
import type { MaglevTables } from '../balance/maglev-tables.ts';
import type { EndpointSetMetrics } from '../metrics/request-metrics.ts';
import type { BackgroundWork } from './background-work.ts';
import type { AttemptHandle, AttemptResult, ProbationKind } from './attempt-handle.ts';
import { SlowStart } from '../resilience/slow-start.ts';
import type { Endpoint, HashOn, LoadBalancer, PoolPart } from '../snapshot/types.ts';

export interface EndpointSetDeps extends EndpointHealthDeps {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly metrics: EndpointSetMetrics;
  /** The endpoint has joined this set; it may have been in it before. */
  readonly joined: (e: EndpointState) => void;
  /** The endpoint has left this set. */
  readonly left: (e: EndpointState) => void;
  readonly tables: MaglevTables;
  readonly background: BackgroundWork;
}

export class EndpointSet {
  readonly id: string;
  readonly health: EndpointHealth;
  endpoints: readonly EndpointState[] = [];
  /** Of the policy's connections to all its backends; the route sets it. */
  quota: ConnectionQuota | undefined;
  /** Usable endpoints that have as many requests as they may. */
  #saturated = 0;
  #part: PoolPart;
  #digest = '';
  /** Of this proxy; empty: not known. */
  #zone = '';
  #balancer: Balancer;
  #slowStart = new SlowStart();
  #deps: EndpointSetDeps;
  #byId = new Map<string, EndpointState>();
  #context: { tried: number[]; now: number; random: () => number; hash: Hash | undefined };
  #nothingTried: number[] = [];

  constructor(id: string, part: PoolPart, deps: EndpointSetDeps) {
    this.id = id;
    this.#part = part;
    this.#deps = deps;
    this.#balancer = this.#create(part.loadBalancer);
    this.health = new EndpointHealth(id, part.healthCheck, deps, {
      changed: (endpoints) => this.#onHealthChange(endpoints),
      firstProbePassed: () => this.#updateBalancer(),
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
    this.#updateEndpoints(part.endpoints, otherCheck);
    this.health.evaluate(this.endpoints);
    this.#slowStart.applyWeights(this.endpoints, this.#deps.now());
    this.#updateBalancer();
    this.#saturated = 0;
    for (const e of this.endpoints) {
      e.saturated = e.active >= this.#limit;
      if (e.saturated) this.#saturated++;
      this.#setUsable(e);
    }
  }

  get #limit(): number {
    return this.#part.maxParallelRequests ?? Infinity;
  }

  /** Tells the balancer whether it may pick an endpoint. */
  #setUsable(e: EndpointState): void {
    this.#balancer.setUsable(e.index, e.usable && !e.saturated, e.healthy && !e.saturated);
  }

  #updateBalancer(): void {
    this.#balancer.update(this.endpoints, this.#deps.now());
    if (this.#balancer.step?.(0) === false) this.#deps.background.add(this.#balancer);
    for (const e of this.endpoints) e.metrics.describe(e.healthy, e.weight);
  }

  /** Some of the endpoints became usable or healthy, or no longer are. */
  #onHealthChange(endpoints: readonly EndpointState[]): void {
    this.#applySlowStart(this.#deps.now());
    for (const e of endpoints) {
      e.metrics.describe(e.healthy, e.weight);
      this.#setUsable(e);
    }
  }

  #applySlowStart(now: number): void {
    if (this.#slowStart.applyWeights(this.endpoints, now)) this.#updateBalancer();
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
  pick(tried: readonly EndpointState[], now: number, hash?: Hash): EndpointState | undefined {
    if (now >= this.#slowStart.nextChangeAt) this.#applySlowStart(now);
    const c = this.#context;
    c.now = now;
    c.hash = hash;
    c.tried = tried.length === 0 ? this.#nothingTried : this.#indexes(tried);
    const i = this.#balancer.pick(c);
    return i < 0 ? undefined : this.endpoints[i];
  }

  /** Whether a try on `e` makes sense now. */
  isSelectable(e: EndpointState): boolean {
    return e.index >= 0 && this.endpoints[e.index] === e && e.usable && !e.saturated && e.fullWeight > 0;
  }

  /** Whether work that belongs to `e` may still go there: also while it drains, for `drain` ms. */
  isStickyEligible(e: EndpointState, drain: number, now: number): boolean {
    if (e.index < 0 || e.fullWeight === 0) return false;
    return e.usable || (e.healthy && now - e.drainingSince < drain);
  }

  /** Whether a usable endpoint is left that was not tried. */
  hasUntried(tried: readonly EndpointState[]): boolean {
    return this.endpoints.some((e) => this.isSelectable(e) && !tried.includes(e));
  }

  /** Whether an endpoint would do, but has as many requests as it may. */
  get hasSaturated(): boolean {
    return this.#saturated > 0 && this.endpoints.some((e) => e.saturated && e.usable && e.fullWeight > 0);
  }

  /** `hash` as at its pick. `trial`: the endpoint is from `health.onTrial`, or `health.lastResort`. */
  begin(endpoint: EndpointState, hash?: Hash, probation?: ProbationKind): AttemptHandle {
    endpoint.metrics.begin();
    if (++endpoint.active === this.#limit) this.#setSaturated(endpoint, true);
    const balancer = this.#balancer;
    const work = { endpoint, balancer, handle: balancer.begin(endpoint.index, hash), probation };
    if (probation === 'due') this.health.beginProbation(work);
    return work;
  }

  /** Once for every `begin`. `headMs`: milliseconds until the response head, or until failure. */
  end(work: AttemptHandle, outcome: AttemptResult, headMs: number, now: number): void {
    const { endpoint, balancer, handle } = work;
    endpoint.metrics.end();
    balancer.end(handle, outcome === 'unknown' ? undefined : outcome === 'ok', headMs, now);
    if (--endpoint.active < this.#limit && endpoint.saturated) this.#setSaturated(endpoint, false);
  }

  #setSaturated(e: EndpointState, full: boolean): void {
    if (e.index < 0) return;
    e.saturated = full;
    this.#saturated += full ? 1 : -1;
    this.#setUsable(e);
  }

  /** Stops watching; requests in flight may still end. */
  close(): void {
    this.#deps.background.delete(this.#balancer);
    for (const e of this.endpoints) this.#remove(e);
    this.endpoints = [];
  }

  #updateEndpoints(wanted: readonly Endpoint[], otherCheck: boolean): void {
    const next = new Map<string, EndpointState>();
    for (const w of wanted) {
      const known = this.#byId.get(w.id);
      const stays = known?.address === w.address && known.port === w.port;
      const e = stays ? known : new EndpointState(w, this, this.#deps.metrics.endpoint(w.hashKey, w.zone));
      if (this.#byId.size > 0 && w.state === 'active' && (!stays || e.state === 'draining')) e.startedAt = this.#deps.now();
      e.update(w, this.health.hasProbes && (stays ? e.state === 'filling' : this.#byId.size > 0), this.#deps.now());
      if (!stays || otherCheck) this.health.watch(e);
      if (!stays) {
        e.healthChangedAt = this.#deps.now();
        this.#deps.joined(e);
      }
      next.set(w.id, e);
    }
    for (const e of this.endpoints) if (next.get(e.id) !== e) this.#remove(e);
    this.#byId = next;
    this.endpoints = [...next.values()];
    this.endpoints.forEach((e, i) => (e.index = i));
  }

  #remove(e: EndpointState): void {
    e.index = -1;
    this.health.remove(e);
    e.metrics.release();
    this.#deps.left(e);
  }

  #indexes(tried: readonly EndpointState[]): number[] {
    const indexes: number[] = [];
    for (const e of tried) if (e.index >= 0 && this.endpoints[e.index] === e) indexes.push(e.index);
    return indexes;
  }
}
