/** Counters, gauges and histograms of one policy. */
import type { End } from '../message/exchange.ts';
import type { LocalReason } from '../message/local-replies.ts';
import { observe } from './histogram.ts';
import type { Labels } from './labels.ts';
import type { CounterBuffer, Family, Series } from './series.ts';

/** Slots of a policy series. */
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
export const ROUTE_WIDTH = 8;

/** The families that policies count into. */
export interface RouteFamilies {
  readonly buffer: CounterBuffer;
  readonly routes: Family;
  readonly requests: Family;
  readonly retries: Family;
  readonly localReplies: Family;
  readonly duration: Family;
  readonly firstByte: Family;
  readonly connect: Family;
  /** Bytes of bodies from and to clients. */
  bytesIn: number;
  bytesOut: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** The largest status code of HTTP (RFC 9110 §15). */
const MAX_STATUS = 599;

export class RouteMetrics {
  #metrics: RouteFamilies;
  #labels: Labels;
  #series: Series;
  #duration: Series;
  #firstByte: Series;
  #connect: Series;
  /** By status code; beyond MAX_STATUS by the first digit. */
  #codes = new Map<number, Series>();
  #retries = new Map<string, Series>();
  #localReplies = new Map<string, Series>();
  /** Requests that began under this route and have not ended. */
  #active = 0;
  #released = false;

  constructor(metrics: RouteFamilies, labels: Labels) {
    this.#metrics = metrics;
    this.#labels = labels;
    this.#series = metrics.routes.acquire(labels);
    this.#duration = metrics.duration.acquire(labels);
    this.#firstByte = metrics.firstByte.acquire(labels);
    this.#connect = metrics.connect.acquire(labels);
  }

  /** First slots of the policy series (ROUTE_SLOT) and of the histogram of durations. */
  get bases(): { readonly route: number; readonly duration: number } {
    return { route: this.#series.base, duration: this.#duration.base };
  }

  begin(): void {
    this.#active++;
  }

  /** A request has ended. `reason`: why the proxy answered itself, if it did. Call once for every `begin`. */
  done(code: number, reason: LocalReason | undefined, end: End, ms: number): void {
    const t = this.#metrics;
    // Codes that HTTP does not define count by class: a backend may send 400 of them.
    const key = code <= MAX_STATUS ? code : Math.trunc(code / 100);
    let series = this.#codes.get(key);
    if (!series) {
      series = t.requests.acquire({ ...this.#labels, code: key === code ? String(code) : `${key}xx` });
      this.#codes.set(key, series);
    }
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
  /** A request enters (1) or leaves (-1) the queue. */
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

  /** The route left; requests in flight are still counted. */
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
