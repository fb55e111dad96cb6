/** What the path of a request counts: per policy (RouteMetrics) and per endpoint of a policy (EndpointMetrics). */
import type { FailureKind } from '../message/attempt.ts';
import type { End } from '../message/exchange.ts';
import type { LocalReason } from '../message/local-replies.ts';
import { EJECTION_REASONS } from '../health/outlier-state.ts';
import type { EjectionReason } from '../health/outlier-state.ts';
import { HISTOGRAM_WIDTH, observe } from './histogram.ts';
import { policyLabels } from './labels.ts';
import type { Labels } from './labels.ts';
import { Family, CounterBuffer } from './series.ts';
import type { Series } from './series.ts';

/** How an attempt can end; the label `outcome`. */
export const OUTCOMES = ['ok', '5xx', 'connect', 'reset', 'timeout', 'protocol', 'client-gone'] as const;
export type OutcomeLabel = (typeof OUTCOMES)[number];
const OUTCOME_SLOT: ReadonlyMap<string, number> = new Map(OUTCOMES.map((outcome, i) => [outcome, i]));

/** Slots of an endpoint, after those of its outcomes. */
export const ENDPOINT_SLOT = {
  active: OUTCOMES.length,
  healthy: OUTCOMES.length + 1,
  weight: OUTCOMES.length + 2,
  checksPassed: OUTCOMES.length + 3,
  checksFailed: OUTCOMES.length + 4,
  /** Milliseconds until the heads of all responses, together. */
  answerMs: OUTCOMES.length + 5,
  /** One for each reason. */
  ejections: OUTCOMES.length + 6,
};
const ENDPOINT_WIDTH = ENDPOINT_SLOT.ejections + EJECTION_REASONS.length;

/** Slots of a policy. */
export const ROUTE_SLOT = {
  aborts: 0,
  broken: 1,
  noEndpoint: 2,
  budgetExhausted: 3,
  overflow: 4,
  pending: 5,
  fallback: 6,
  failed: 7,
};
const ROUTE_WIDTH = 8;

/** Endpoints of all pools that get a series of their own; further ones count together, per Service and zone. */
const MAX_ENDPOINT_SERIES = 2000;

export class RequestMetrics {
  readonly buffer = new CounterBuffer();
  readonly endpoints = new Family(this.buffer, ENDPOINT_WIDTH);
  readonly routes = new Family(this.buffer, ROUTE_WIDTH);
  readonly requests = new Family(this.buffer, 1);
  readonly retries = new Family(this.buffer, 1);
  readonly localReplies = new Family(this.buffer, 1);
  readonly duration = new Family(this.buffer, HISTOGRAM_WIDTH);
  readonly firstByte = new Family(this.buffer, HISTOGRAM_WIDTH);
  readonly connect = new Family(this.buffer, HISTOGRAM_WIDTH);
  bytesIn = 0;
  bytesOut = 0;
  readonly now: () => number;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Series of a policy, `namespace/name`. */
  route(policy: string): RouteMetrics {
    return new RouteMetrics(this, policyLabels(policy));
  }

  /** Series of a pool, `namespace/policy/service namespace/service:port`. */
  endpointSet(id: string): EndpointSetMetrics {
    const labels = policyLabels(id);
    const service = id.split('/').slice(2).join('/');
    return {
      endpoint: (endpoint, zone) => {
        const own = { ...labels, endpoint };
        const room = this.endpoints.size < MAX_ENDPOINT_SERIES || this.endpoints.isHeld(own);
        return new EndpointMetrics(this, room ? own : { ...labels, endpoint: `${service}@${zone}` });
      },
    };
  }
}

export interface EndpointSetMetrics {
  /** @param name pod name and port, else address and port. */
  endpoint(name: string, zone: string): EndpointMetrics;
}

/** What one endpoint counts. Gauges are kept as differences, because endpoints may share a series. */
export class EndpointMetrics {
  #metrics: RequestMetrics;
  #series: Series;
  #active = 0;
  #healthy = 0;
  #weight = 0;
  #released = false;

  constructor(traffic: RequestMetrics, labels: Labels) {
    this.#metrics = traffic;
    this.#series = traffic.endpoints.acquire(labels);
  }

  /** First of its slots. */
  get base(): number {
    return this.#series.base;
  }

  begin(): void {
    this.#active++;
    this.#add(ENDPOINT_SLOT.active, 1);
  }
  end(): void {
    this.#active--;
    this.#add(ENDPOINT_SLOT.active, -1);
    if (this.#released) this.#releaseSeries();
  }
  /** @param ms until the response head, where one came */
  attempt(outcome: OutcomeLabel | FailureKind, ms = 0): void {
    this.#add(OUTCOME_SLOT.get(outcome) ?? 0, 1);
    this.#add(ENDPOINT_SLOT.answerMs, ms);
  }
  ejected(reason: EjectionReason): void {
    this.#add(ENDPOINT_SLOT.ejections + EJECTION_REASONS.indexOf(reason), 1);
  }
  /** An active check of the endpoint ended. */
  probed(ok: boolean): void {
    this.#add(ok ? ENDPOINT_SLOT.checksPassed : ENDPOINT_SLOT.checksFailed, 1);
  }
  describe(healthy: boolean, weight: number): void {
    const health = healthy ? 1 : 0;
    this.#add(ENDPOINT_SLOT.healthy, health - this.#healthy);
    this.#add(ENDPOINT_SLOT.weight, weight - this.#weight);
    this.#healthy = health;
    this.#weight = weight;
  }
  /** The endpoint left; what is in flight is still counted. */
  release(): void {
    this.describe(false, 0);
    this.#released = true;
    this.#releaseSeries();
  }
  #releaseSeries(): void {
    if (this.#active === 0) this.#metrics.endpoints.release(this.#series, this.#metrics.now());
  }
  #add(slot: number, n: number): void {
    this.#metrics.buffer.values[this.#series.base + slot]! += n;
  }
}

export class RouteMetrics {
  #metrics: RequestMetrics;
  #labels: Labels;
  #series: Series;
  #duration: Series;
  #firstByte: Series;
  #connect: Series;
  #codes = new Map<number, Series>();
  #retries = new Map<string, Series>();
  #localReplies = new Map<string, Series>();
  /** Requests that began under this route and are not over. */
  #active = 0;
  #released = false;

  constructor(traffic: RequestMetrics, labels: Labels) {
    this.#metrics = traffic;
    this.#labels = labels;
    this.#series = traffic.routes.acquire(labels);
    this.#duration = traffic.duration.acquire(labels);
    this.#firstByte = traffic.firstByte.acquire(labels);
    this.#connect = traffic.connect.acquire(labels);
  }

  /** First slots of what ROUTE counts, and of the histogram of durations. */
  get bases(): { readonly route: number; readonly duration: number } {
    return { route: this.#series.base, duration: this.#duration.base };
  }

  begin(): void {
    this.#active++;
  }

  /** A request is over, whoever answered it; `reason`: the proxy itself did. Once for every `begin`. */
  done(code: number, reason: LocalReason | undefined, end: End, ms: number): void {
    const t = this.#metrics;
    let series = this.#codes.get(code);
    if (!series) this.#codes.set(code, (series = t.requests.acquire({ ...this.#labels, code: String(code) })));
    t.buffer.values[series.base]!++;
    if (reason !== undefined) this.#countBy(t.localReplies, this.#localReplies, reason);
    observe(t.buffer, this.#duration, ms);
    if (code >= 500) this.#count(ROUTE_SLOT.failed);
    t.bytesIn += end.bytesIn;
    t.bytesOut += end.bytesOut;
    if (end.how === 'client-gone') this.#count(ROUTE_SLOT.aborts);
    else if (end.how !== 'whole') this.#count(ROUTE_SLOT.broken);
    this.#active--;
    if (this.#released) this.#releaseSeries();
  }
  firstByte(ms: number): void {
    observe(this.#metrics.buffer, this.#firstByte, ms);
  }
  connected(ms: number): void {
    observe(this.#metrics.buffer, this.#connect, ms);
  }
  retry(reason: string): void {
    this.#countBy(this.#metrics.retries, this.#retries, reason);
  }
  noEndpoint(): void {
    this.#count(ROUTE_SLOT.noEndpoint);
  }
  budgetExhausted(): void {
    this.#count(ROUTE_SLOT.budgetExhausted);
  }
  /** A request waits for its turn, or does so no more. */
  pending(n: 1 | -1): void {
    this.#count(ROUTE_SLOT.pending, n);
  }
  overflow(): void {
    this.#count(ROUTE_SLOT.overflow);
  }
  fallback(): void {
    this.#count(ROUTE_SLOT.fallback);
  }
  #count(slot: number, n = 1): void {
    this.#metrics.buffer.values[this.#series.base + slot]! += n;
  }

  #countBy(family: Family, known: Map<string, Series>, reason: string): void {
    let series = known.get(reason);
    if (!series) known.set(reason, (series = family.acquire({ ...this.#labels, reason })));
    this.#metrics.buffer.values[series.base]!++;
  }

  /** The route left; what is in flight is still counted. */
  release(): void {
    this.#released = true;
    this.#releaseSeries();
  }

  #releaseSeries(): void {
    if (this.#active > 0) return;
    const t = this.#metrics;
    const now = t.now();
    t.routes.release(this.#series, now);
    t.duration.release(this.#duration, now);
    t.firstByte.release(this.#firstByte, now);
    t.connect.release(this.#connect, now);
    for (const series of this.#codes.values()) t.requests.release(series, now);
    for (const series of this.#retries.values()) t.retries.release(series, now);
    for (const series of this.#localReplies.values()) t.localReplies.release(series, now);
  }
}
