/** Counters and gauges of one endpoint of a policy. */
import type { FailureKind } from '../message/attempt.ts';
import { EJECTION_REASONS } from '../health/outlier-state.ts';
import type { EjectionReason } from '../health/outlier-state.ts';
import type { Labels } from './labels.ts';
import type { CounterBuffer, Family, Series } from './series.ts';

/** Outcomes of an attempt; the label `outcome`. */
export const OUTCOMES = ['ok', '5xx', 'connect', 'reset', 'timeout', 'protocol', 'client-gone'] as const;
export type OutcomeLabel = (typeof OUTCOMES)[number];
const OUTCOME_SLOT: ReadonlyMap<string, number> = new Map(OUTCOMES.map((outcome, i) => [outcome, i]));

/** Slots of an endpoint series, after those of OUTCOMES. */
export const ENDPOINT_SLOT = {
  active: OUTCOMES.length,
  healthy: OUTCOMES.length + 1,
  weight: OUTCOMES.length + 2,
  checksPassed: OUTCOMES.length + 3,
  checksFailed: OUTCOMES.length + 4,
  /** Sum of milliseconds until the response heads. */
  answerMs: OUTCOMES.length + 5,
  /** One slot per reason. */
  ejections: OUTCOMES.length + 6,
};
export const ENDPOINT_WIDTH = ENDPOINT_SLOT.ejections + EJECTION_REASONS.length;

/** The families that endpoints count into. */
export interface EndpointFamilies {
  readonly buffer: CounterBuffer;
  readonly endpoints: Family;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Counts for one endpoint. Gauges are changed by differences, because endpoints may share a series. */
export class EndpointMetrics {
  #metrics: EndpointFamilies;
  #series: Series;
  #active = 0;
  #healthy = 0;
  #weight = 0;
  #released = false;

  constructor(metrics: EndpointFamilies, labels: Labels) {
    this.#metrics = metrics;
    this.#series = metrics.endpoints.acquire(labels);
  }

  /** First slot of the series. */
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
  /** @param ms until the response head, if one came */
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
  /** The endpoint left; requests in flight are still counted. */
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
