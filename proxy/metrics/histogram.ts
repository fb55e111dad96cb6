/** Recording into histogram series: one slot per bucket, one above all buckets, then the sum in milliseconds. */
import type { CounterBuffer, Series } from './series.ts';

/** Upper bounds of the buckets in seconds, inclusive. */
export const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Slots of one histogram series. */
export const HISTOGRAM_WIDTH = BUCKETS.length + 2;
const BOUNDS_MS = Float64Array.from(BUCKETS, (s) => s * 1000);

/** Counts a duration of `ms` milliseconds into a histogram series. */
export function observe(buffer: CounterBuffer, series: Series, ms: number): void {
  const { values } = buffer;
  let i = 0;
  while (i < BOUNDS_MS.length && ms > (BOUNDS_MS[i] as number)) i++;
  values[series.base + i]!++;
  values[series.base + BOUNDS_MS.length + 1]! += ms;
}
