/** Rendering of numbers as lines of a scrape: single samples, and families of series. */
import type { Metric, Registry } from './registry.ts';
import { BUCKETS } from '../metrics/histogram.ts';
import { labelText } from '../metrics/labels.ts';
import type { Labels } from '../metrics/labels.ts';
import type { Family, Series } from '../metrics/series.ts';

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Registers a metric whose samples are computed for each scrape. */
export function expose(registry: Registry, type: Metric['type'], name: string, help: string, read: () => Iterable<Sample>): void {
  registry.register({ name, help, type, read: () => lines(name, read()) });
}

function* lines(name: string, samples: Iterable<Sample>): Generator<string> {
  for (const { labels, value } of samples) {
    const text = labelText(labels);
    yield text === '' ? `${name} ${value}\n` : `${name}{${text}} ${value}\n`;
  }
}

/** One line per series: one slot of it. */
export function* column(name: string, family: Family, which: Iterable<Series>, offset = 0): Generator<string> {
  for (const series of which) yield `${name}{${series.text}} ${family.read(series, offset)}\n`;
}

/** Slots of a series, one for each value of an additional label. */
export interface Split {
  readonly label: string;
  readonly values: readonly string[];
  /** First slot. */
  readonly offset: number;
}

/** Lines of slots that are not 0. The first slot is always present, so that a rate over all of them always has a series. */
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
