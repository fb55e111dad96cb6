/** How numbers become lines of a scrape: of single samples, and of families of slots. */
import { labelText } from './registry.ts';
import type { Labels, Metric, Registry } from './registry.ts';
import type { Family, Series, Slots } from '../metrics/series.ts';

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Registers a metric whose samples are made when it is scraped. */
export function expose(registry: Registry, type: Metric['type'], name: string, help: string, read: () => Iterable<Sample>): void {
  registry.register({ name, help, type, read: () => lines(name, read()) });
}

function* lines(name: string, samples: Iterable<Sample>): Generator<string> {
  for (const { labels, value } of samples) {
    const text = labelText(labels);
    yield text === '' ? `${name} ${value}\n` : `${name}{${text}} ${value}\n`;
  }
}

/** A line for each series: one slot of it. */
export function* column(name: string, family: Family, which: Iterable<Series>, offset = 0): Generator<string> {
  for (const series of which) yield `${name}{${series.text}} ${family.read(series, offset)}\n`;
}

/** Slots of a series, one for each value of a further label. */
export interface Split {
  readonly label: string;
  readonly values: readonly string[];
  /** The first slot. */
  readonly offset: number;
}

/**
 * Lines of those slots that have counted something; the first is always there, so that a rate over all of them is never without a
 * series.
 */
export function* split(name: string, family: Family, which: Iterable<Series>, by: Split): Generator<string> {
  for (const series of which) {
    let piece = '';
    for (let i = 0; i < by.values.length; i++) {
      const value = family.read(series, by.offset + i);
      if (value > 0 || i === 0) piece += `${name}{${series.text},${by.label}="${by.values[i]}"} ${value}\n`;
    }
    yield piece;
  }
}

/** Upper bounds in seconds; a response time falls into the first that is not below it. */
export const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Buckets, the one above all of them, and the sum. */
export const HISTOGRAM_WIDTH = BUCKETS.length + 2;
const BOUNDS_MS = Float64Array.from(BUCKETS, (s) => s * 1000);

/** Counts `ms` into a histogram series. */
export function observe(slots: Slots, series: Series, ms: number): void {
  const { values } = slots;
  let i = 0;
  while (i < BOUNDS_MS.length && ms > (BOUNDS_MS[i] as number)) i++;
  values[series.base + i]!++;
  values[series.base + BOUNDS_MS.length + 1]! += ms;
}

export function* histogram(name: string, family: Family, which: Iterable<Series>): Generator<string> {
  for (const series of which) {
    let count = 0;
    let piece = '';
    for (let i = 0; i < BUCKETS.length; i++) {
      count += family.read(series, i);
      piece += `${name}_bucket{${series.text},le="${BUCKETS[i]}"} ${count}\n`;
    }
    count += family.read(series, BUCKETS.length);
    piece += `${name}_bucket{${series.text},le="+Inf"} ${count}\n`;
    piece += `${name}_sum{${series.text}} ${family.read(series, BUCKETS.length + 1) / 1000}\n`;
    yield `${piece}${name}_count{${series.text}} ${count}\n`;
  }
}
