/**
 * The endpoints of one backend (a pool of the snapshot) at run time, and which of them takes the next request. The balancer picks
 * among the endpoints that endpoint-health.ts allows. A new snapshot is applied as a difference: unchanged endpoints keep their
 * state.
 */
import type { Balancer } from '../balance/balancer.ts';
import { preferenceOf } from '../balance/locality.ts';
import type { LocalPreference } from '../balance/locality.ts';
import type { Hash } from '../balance/hash.ts';
import type { ConnectionQuota } from '../message/attempt.ts';
import { createBalancer } from '../balance/strategies.ts';
import type { EndpointState } from './endpoint-state.ts';
import { EndpointList } from './endpoint-list.ts';
import type { EndpointListDeps } from './endpoint-list.ts';
import { EndpointHealth } from './endpoint-health.ts';
import type { EndpointHealthDeps } from './endpoint-health.ts';
import type { MaglevTables } from '../balance/maglev-tables.ts';
import type { BackgroundWork } from './background-work.ts';
import type { AttemptHandle, AttemptResult, ProbationKind } from './attempt-handle.ts';
import { SlowStart } from '../resilience/slow-start.ts';
import { isSameLocation, UNKNOWN_LOCATION } from '../snapshot/location.ts';
import type { HashOn, LoadBalancer, PoolPart } from '../snapshot/types.ts';

export interface EndpointSetDeps extends EndpointHealthDeps, EndpointListDeps {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly tables: MaglevTables;
  readonly background: BackgroundWork;
}

export class EndpointSet {
  readonly id: string;
  readonly health: EndpointHealth;
  endpoints: readonly EndpointState[] = [];
  /** Quota for connections of the policy to all its backends; set by the route. */
  quota: ConnectionQuota | undefined;
  /** Endpoints at their request limit (`maxParallelRequests`). */
  #saturated = 0;
  #part: PoolPart;
  #digest = '';
  /** Of this proxy. */
  #location = UNKNOWN_LOCATION;
  /** Whether endpoints have, or had, hints: those that come and go must not cost the balancer its state. */
  #hinted = false;
  #balancer: Balancer;
  /** What the balancer was made from. */
  #settings: string;
  #slowStart = new SlowStart();
  #deps: EndpointSetDeps;
  #list: EndpointList;
  #context: { tried: number[]; now: number; random: () => number; hash: Hash | undefined };
  #nothingTried: number[] = [];

  constructor(id: string, part: PoolPart, deps: EndpointSetDeps) {
    this.id = id;
    this.#part = part;
    this.#deps = deps;
    this.#settings = settingsOf(part.loadBalancer);
    this.#balancer = this.#create(part.loadBalancer);
    this.health = new EndpointHealth(id, part.healthCheck, deps, {
      changed: (endpoints) => this.#onHealthChange(endpoints),
      firstProbePassed: () => this.#updateBalancer(),
    });
    this.#list = new EndpointList(this, this.health, deps);
    this.#context = { tried: this.#nothingTried, now: 0, random: deps.random, hash: undefined };
  }

  /** Applies a part of the snapshot. Does nothing if it is in force already. */
  update(part: PoolPart, digest: string, location = UNKNOWN_LOCATION): void {
    if (digest === this.#digest && isSameLocation(location, this.#location)) return;
    this.#part = part;
    this.#digest = digest;
    this.#location = location;
    this.#configureBalancer();
    const otherCheck = this.health.configure(part.healthCheck);
    this.#slowStart.configure('slowStart' in part.loadBalancer ? part.loadBalancer.slowStart : undefined);
    this.endpoints = this.#list.update(part.endpoints, otherCheck);
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

  /** Makes another balancer where the strategy, or what this proxy prefers, has changed. */
  #configureBalancer(): void {
    const { loadBalancer, endpoints } = this.#part;
    this.#hinted ||= endpoints.some(({ hints }) => hints !== undefined);
    const preference = preferenceOf(loadBalancer, this.#location, this.#hinted);
    const settings = settingsOf(loadBalancer, preference);
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#deps.background.delete(this.#balancer);
    this.#balancer = this.#create(loadBalancer, preference);
  }

  #create(lb: LoadBalancer, preference?: LocalPreference): Balancer {
    return createBalancer(lb, Math.floor(this.#deps.random() * 0x7fffffff), this.#deps.tables, preference);
  }

  get #limit(): number {
    return this.#part.maxParallelRequests ?? Infinity;
  }

  /** Passes to the balancer whether it may pick the endpoint. */
  #setUsable(e: EndpointState): void {
    this.#balancer.setUsable(e.index, e.usable && !e.saturated, e.healthy && !e.saturated);
  }

  #updateBalancer(): void {
    this.#balancer.update(this.endpoints, this.#deps.now());
    if (this.#balancer.step?.(0) === false) this.#deps.background.add(this.#balancer);
    for (const e of this.endpoints) e.metrics.describe(e.healthy, e.weight);
  }

  /** `usable` or `healthy` of some endpoints changed. */
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

  /** What part of a request the hash key is taken from; undefined: the strategy does not hash. */
  get hashOn(): HashOn | undefined {
    const lb = this.#part.loadBalancer;
    return lb.type === 'ConsistentHash' ? lb.consistentHash.hashOn : undefined;
  }

  /** Name of the strategy. */
  get strategy(): string {
    const lb = this.#part.loadBalancer;
    return lb.type === 'ConsistentHash' ? lb.consistentHash.algorithm : lb.type;
  }

  /** Exposed because some balancers keep counters of their own. */
  get balancer(): Balancer {
    return this.#balancer;
  }

  /** The endpoint for a new attempt; undefined if no usable untried endpoint is left. */
  pick(tried: readonly EndpointState[], now: number, hash?: Hash): EndpointState | undefined {
    if (now >= this.#slowStart.nextChangeAt) this.#applySlowStart(now);
    const c = this.#context;
    c.now = now;
    c.hash = hash;
    c.tried = tried.length === 0 ? this.#nothingTried : this.#indexes(tried);
    const i = this.#balancer.pick(c);
    return i < 0 ? undefined : this.endpoints[i];
  }

  /** Whether `e` can take an attempt now. */
  isSelectable(e: EndpointState): boolean {
    return e.index >= 0 && this.endpoints[e.index] === e && e.usable && !e.saturated && e.fullWeight > 0;
  }

  /** Whether requests that belong to `e` (session, affinity) may still go there: also while it drains, for `drain` ms. */
  isStickyEligible(e: EndpointState, drain: number, now: number): boolean {
    if (e.index < 0 || e.fullWeight === 0) return false;
    return e.usable || (e.healthy && now - e.drainingSince < drain);
  }

  /** Whether a usable endpoint is left that was not tried. */
  hasUntried(tried: readonly EndpointState[]): boolean {
    return this.endpoints.some((e) => this.isSelectable(e) && !tried.includes(e));
  }

  /** Whether some endpoint is usable but for its request limit. */
  get hasSaturated(): boolean {
    return this.#saturated > 0 && this.endpoints.some((e) => e.saturated && e.usable && e.fullWeight > 0);
  }

  /** `hash` as given to `pick`. `probation`: the endpoint came from `health.probationCandidate` or `health.lastResort`. */
  begin(endpoint: EndpointState, hash?: Hash, probation?: ProbationKind): AttemptHandle {
    endpoint.metrics.begin();
    if (++endpoint.active === this.#limit) this.#setSaturated(endpoint, true);
    const balancer = this.#balancer;
    const attempt = { endpoint, balancer, handle: balancer.begin(endpoint.index, hash), probation };
    if (probation === 'due') this.health.beginProbation(attempt);
    return attempt;
  }

  /** Call once for every `begin`. `headMs`: milliseconds until the response head, or until failure. */
  end(attempt: AttemptHandle, outcome: AttemptResult, headMs: number, now: number): void {
    const { endpoint, balancer, handle } = attempt;
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

  /** Stops probing. Requests in flight may still end. */
  close(): void {
    this.#deps.background.delete(this.#balancer);
    this.#list.close();
    this.endpoints = [];
  }

  #indexes(tried: readonly EndpointState[]): number[] {
    const indexes: number[] = [];
    for (const e of tried) if (e.index >= 0 && this.endpoints[e.index] === e) indexes.push(e.index);
    return indexes;
  }
}

function settingsOf(lb: LoadBalancer, preference?: LocalPreference): string {
  return JSON.stringify([lb, preference]);
}
