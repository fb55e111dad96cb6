/** Reads counters every few seconds, for the recent figures on the stats page. Requests are not affected. */
import type { EndpointSet } from '../../endpoints/endpoint-set.ts';
import type { EndpointState } from '../../endpoints/endpoint-state.ts';
import type { RouteState } from '../../request/route-state.ts';
import { BUCKETS } from '../../metrics/histogram.ts';
import type { CounterBuffer } from '../../metrics/series.ts';
import { ENDPOINT_SLOT, OUTCOMES } from '../../metrics/endpoint-metrics.ts';
import { ROUTE_SLOT } from '../../metrics/route-metrics.ts';
import { History } from './history.ts';
import type { Recent } from './history.ts';

/** Milliseconds between two samples. */
export const INTERVAL_MS = 5_000;
/** Intervals per minute. */
const MINUTE = 12;
/** Intervals over which a rate is computed: a whole one, plus the unfinished one. */
const LATELY = 1;
/** Intervals of a sparkline: five minutes. */
const SPARK = 60;
/** Bounds memory: 0.7 kB per endpoint, 2 kB per policy. */
const MAX_ENDPOINTS = 5_000;
const MAX_POLICIES = 1_000;

const OUTCOME = (name: (typeof OUTCOMES)[number]) => OUTCOMES.indexOf(name);
const FAILED = (['5xx', 'connect', 'reset', 'timeout', 'protocol'] as const).map(OUTCOME);
const ANSWERED = (['ok', '5xx'] as const).map(OUTCOME);
/** Columns of an endpoint. */
const E = { attempts: 0, failed: 1, answered: 2, ms: 3 };
/** Columns of a policy; the buckets of its histogram follow. */
const P = { requests: 0, failed: 1, buckets: 2 };
const BUCKET_COUNT = BUCKETS.length + 1;

/** What the proxy serves at this moment. */
export interface Serving {
  readonly listeners: ReadonlyMap<number, { readonly routes: ReadonlyMap<string, RouteState> }>;
  readonly endpointSets: ReadonlyMap<string, EndpointSet>;
  readonly buffer: CounterBuffer;
}

export interface RecentEndpoint {
  readonly attempts: number;
  readonly failed: number;
  /** Mean milliseconds until the response head; undefined without responses. */
  readonly meanMs: number | undefined;
}

export interface RecentPolicy {
  readonly perSecond: number;
  /** Within the last minute. */
  readonly requests: number;
  readonly failed: number;
  /** Milliseconds; undefined without requests. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

export class Sampler {
  readonly #serving: Serving;
  readonly #endpoints = new History<EndpointState>({ width: 4, length: MINUTE, max: MAX_ENDPOINTS });
  readonly #policies = new History<string>({ width: P.buckets + BUCKET_COUNT, length: MINUTE, max: MAX_POLICIES });
  readonly #sparks = new History<string>({ width: 1, length: SPARK, max: MAX_POLICIES });
  readonly #endpointNow = new Float64Array(4);
  readonly #policyNow = new Float64Array(P.buckets + BUCKET_COUNT);

  constructor(serving: Serving) {
    this.#serving = serving;
  }

  /**
   * Samples all counters, in steps; samples must not overlap.
   * @param now monotonic milliseconds, as everywhere here
   */
  *sample(now: number): Generator<void, void> {
    const { listeners, endpointSets } = this.#serving;
    yield* this.#endpoints.sample(endpointsOf(endpointSets), (e, into) => this.#readEndpoint(e, into), now);
    const states = new Map<string, RouteState>();
    for (const { routes } of listeners.values()) {
      for (const state of routes.values()) if (states.size < MAX_POLICIES) states.set(state.route.policy, state);
    }
    const read = (policy: string, into: Float64Array) => this.#readPolicy(states.get(policy) as RouteState, into);
    yield* this.#policies.sample(states.keys(), read, now);
    const count = (policy: string, into: Float64Array) => {
      read(policy, this.#policyNow);
      into[0] = this.#policyNow[P.requests] ?? 0;
    };
    yield* this.#sparks.sample(states.keys(), count, now);
  }

  /** Figures of the last minute; undefined if the endpoint is too new or beyond the limit. */
  endpoint(e: EndpointState, now: number): RecentEndpoint | undefined {
    if (!this.#endpoints.has(e)) return undefined;
    this.#readEndpoint(e, this.#endpointNow);
    const recent = this.#endpoints.recent(e, this.#endpointNow, now);
    if (!recent) return undefined;
    const { values } = recent;
    const answered = values[E.answered] ?? 0;
    return {
      attempts: values[E.attempts] ?? 0,
      failed: values[E.failed] ?? 0,
      meanMs: answered > 0 ? (values[E.ms] ?? 0) / answered : undefined,
    };
  }

  /** Undefined if the policy is too new or beyond the limit. */
  policy(state: RouteState, now: number): RecentPolicy | undefined {
    this.#readPolicy(state, this.#policyNow);
    const key = state.route.policy;
    const minute = this.#policies.recent(key, this.#policyNow, now);
    const lately = this.#policies.recent(key, this.#policyNow, now, LATELY);
    if (!minute || !lately) return undefined;
    const buckets = minute.values.slice(P.buckets);
    return {
      perSecond: perSecond(lately),
      requests: minute.values[P.requests] ?? 0,
      failed: minute.values[P.failed] ?? 0,
      p50: quantile(buckets, 0.5),
      p99: quantile(buckets, 0.99),
    };
  }

  /** Requests per second of a policy in each interval of the last five minutes, oldest first. */
  spark(policy: string): number[] {
    return this.#sparks.rates(policy);
  }

  #readEndpoint(e: EndpointState, into: Float64Array): void {
    const { values } = this.#serving.buffer;
    const { base } = e.metrics;
    const read = (slot: number) => values[base + slot] ?? 0;
    let attempts = 0;
    for (let i = 0; i < OUTCOMES.length; i++) attempts += read(i);
    into[E.attempts] = attempts;
    into[E.failed] = FAILED.reduce((sum, i) => sum + read(i), 0);
    into[E.answered] = ANSWERED.reduce((sum, i) => sum + read(i), 0);
    into[E.ms] = read(ENDPOINT_SLOT.answerMs);
  }

  #readPolicy({ metrics }: RouteState, into: Float64Array): void {
    const { values } = this.#serving.buffer;
    const { route, duration } = metrics.bases;
    let requests = 0;
    for (let i = 0; i < BUCKET_COUNT; i++) requests += into[P.buckets + i] = values[duration + i] ?? 0;
    into[P.requests] = requests;
    into[P.failed] = values[route + ROUTE_SLOT.failed] ?? 0;
  }
}

function* endpointsOf(endpointSets: ReadonlyMap<string, EndpointSet>): Generator<EndpointState> {
  for (const { endpoints } of endpointSets.values()) yield* endpoints;
}

function perSecond({ values, ms }: Recent): number {
  return ((values[P.requests] ?? 0) * 1000) / Math.max(ms, 1);
}

/** Milliseconds, interpolated linearly within a bucket as Prometheus does; values above all buckets count as the highest bound. */
export function quantile(buckets: readonly number[], q: number): number | undefined {
  const total = buckets.reduce((sum, n) => sum + n, 0);
  if (total === 0) return undefined;
  let left = q * total;
  for (const [i, bound] of BUCKETS.entries()) {
    const n = buckets[i] ?? 0;
    const below = BUCKETS[i - 1] ?? 0;
    if (left <= n && n > 0) return (below + ((bound - below) * left) / n) * 1000;
    left -= n;
  }
  return (BUCKETS.at(-1) as number) * 1000;
}
