/**
 * Metric series whose values are slots of one typed array: on the request path a counter is `values[i]++`, nothing else. Values are
 * read when a scrape comes. Users acquire and release a series. A series that is not in use stays for two minutes (`rate()` needs
 * it that long), and continues if it is acquired again meanwhile.
 */

import { labelText } from './labels.ts';
import type { Labels } from './labels.ts';

export interface Series {
  /** Its labels, as written in a scrape. */
  readonly text: string;
  /** First slot. */
  readonly base: number;
}

interface RetainedSeries extends Series {
  refCount: number;
  /** Monotonic ms at which the last user released it; Infinity while in use. */
  releasedAt: number;
}

export const RETENTION_MS = 120_000;

/** The slots of all families of one proxy. */
export class CounterBuffer {
  values = new Float64Array(1024);
  #next = 0;
  #free = new Map<number, number[]>();

  allocate(width: number): number {
    const again = this.#free.get(width)?.pop();
    if (again !== undefined) return again;
    const base = this.#next;
    this.#next += width;
    if (this.#next > this.values.length) {
      const larger = new Float64Array(Math.max(this.values.length * 2, this.#next));
      larger.set(this.values);
      this.values = larger;
    }
    return base;
  }

  release(base: number, width: number): void {
    this.values.fill(0, base, base + width);
    const free = this.#free.get(width);
    if (free) free.push(base);
    else this.#free.set(width, [base]);
  }
}

/** All series of one metric; each has `width` slots. */
export class Family {
  readonly width: number;
  #buffer: CounterBuffer;
  #series = new Map<string, RetainedSeries>();
  #heldCount = 0;

  constructor(buffer: CounterBuffer, width: number) {
    this.#buffer = buffer;
    this.width = width;
  }

  /** The series with these labels, new at 0 or continued. Must be released with `release`. */
  acquire(labels: Labels): Series {
    const text = labelText(labels);
    let series = this.#series.get(text);
    if (!series) {
      series = { text, base: this.#buffer.allocate(this.width), refCount: 0, releasedAt: Infinity };
      this.#series.set(text, series);
    }
    if (series.refCount++ === 0) this.#heldCount++;
    series.releasedAt = Infinity;
    return series;
  }

  /** How many series are in use. */
  get size(): number {
    return this.#heldCount;
  }

  /** Whether the series with these labels is in use. */
  isHeld(labels: Labels): boolean {
    return (this.#series.get(labelText(labels))?.refCount ?? 0) > 0;
  }

  release(series: Series, now: number): void {
    const kept = series as RetainedSeries;
    if (--kept.refCount > 0) return;
    kept.releasedAt = now;
    this.#heldCount--;
  }

  /** Every series in use. */
  *held(): Generator<Series> {
    for (const series of this.#series.values()) if (series.refCount > 0) yield series;
  }

  /** Every series in use or released less than two minutes ago; drops the others. */
  *retained(now: number): Generator<Series> {
    for (const [key, series] of this.#series) {
      if (now < series.releasedAt + RETENTION_MS) yield series;
      else {
        this.#series.delete(key);
        this.#buffer.release(series.base, this.width);
      }
    }
  }

  read(series: Series, offset = 0): number {
    return this.#buffer.values[series.base + offset] ?? 0;
  }
}
