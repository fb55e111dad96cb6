/** How families of slots become prom-client metrics. */
import type { Registry } from 'prom-client';
import type { Family, Labels, Series, Slots } from './series.ts';

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName?: string;
}

/** Registers a metric whose samples are made when it is scraped. */
export function expose(
  registry: Registry,
  type: 'counter' | 'gauge' | 'histogram',
  name: string,
  help: string,
  read: () => Iterable<Sample>,
): void {
  const metric = {
    name,
    help,
    type,
    aggregator: 'sum',
    get: () => ({ name, help, type, aggregator: 'sum', values: [...read()] }),
  };
  // prom-client asks no more of a metric than a name and get(); its type names a class.
  registry.registerMetric(metric as never);
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

export function* histogramSamples(name: string, family: Family, now: number): Generator<Sample> {
  for (const series of family.live(now)) {
    let count = 0;
    for (let i = 0; i < BUCKETS.length; i++) {
      count += family.read(series, i);
      yield { metricName: `${name}_bucket`, labels: { ...series.labels, le: String(BUCKETS[i]) }, value: count };
    }
    count += family.read(series, BUCKETS.length);
    yield { metricName: `${name}_bucket`, labels: { ...series.labels, le: '+Inf' }, value: count };
    yield { metricName: `${name}_sum`, labels: series.labels, value: family.read(series, BUCKETS.length + 1) / 1000 };
    yield { metricName: `${name}_count`, labels: series.labels, value: count };
  }
}
