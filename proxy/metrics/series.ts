/**
 * Metric series whose values are plain slots of one typed array: on the path of a request a counter is `values[i]++`, nothing else.
 they are read when a scrape comes. A series is held by whoever counts into it; once let go it stays for two minutes
 * (`rate()` needs it that long) and continues where it was when it is wanted again meanwhile.
 */

import { labelText } from '../observe/registry.ts';
import type { Labels } from '../observe/registry.ts';

export interface Series {
  /** Its labels, as every scrape writes them. */
  readonly text: string;
  /** First slot. */
  readonly base: number;
}

interface Kept extends Series {
  holders: number;
  /** Monotonic ms; while nobody holds it. */
  goneAt: number;
}

export const LINGER_MS = 120_000;

/** Slots for all families of one proxy. */
export class Slots {
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

/** All series of one metric; each is `width` slots wide. */
export class Family {
  readonly width: number;
  #slots: Slots;
  #series = new Map<string, Kept>();
  #held = 0;

  constructor(slots: Slots, width: number) {
    this.#slots = slots;
    this.width = width;
  }

  /** The series with these labels, new at 0 or as it was. Let go of it with `release`. */
  acquire(labels: Labels): Series {
    const text = labelText(labels);
    let series = this.#series.get(text);
    if (!series) {
      series = { text, base: this.#slots.allocate(this.width), holders: 0, goneAt: Infinity };
      this.#series.set(text, series);
    }
    if (series.holders++ === 0) this.#held++;
    series.goneAt = Infinity;
    return series;
  }

  /** How many series somebody holds. */
  get size(): number {
    return this.#held;
  }

  /** Whether somebody holds the series with these labels. */
  holds(labels: Labels): boolean {
    return (this.#series.get(labelText(labels))?.holders ?? 0) > 0;
  }

  release(series: Series, now: number): void {
    const kept = series as Kept;
    if (--kept.holders > 0) return;
    kept.goneAt = now;
    this.#held--;
  }

  /** Every series that somebody holds. */
  *held(): Generator<Series> {
    for (const series of this.#series.values()) if (series.holders > 0) yield series;
  }

  /** Every series that is held or lingers; drops those whose time is over. */
  *live(now: number): Generator<Series> {
    for (const [key, series] of this.#series) {
      if (now < series.goneAt + LINGER_MS) yield series;
      else {
        this.#series.delete(key);
        this.#slots.release(series.base, this.width);
      }
    }
  }

  read(series: Series, offset = 0): number {
    return this.#slots.values[series.base + offset] ?? 0;
  }
}
