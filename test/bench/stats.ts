/** Median and quartiles of some numbers. */
export interface Spread {
  readonly median: number;
  /** Lower and upper quartile. */
  readonly low: number;
  readonly high: number;
}

/** The smallest of the values that at least `percent` of all do not exceed (nearest rank). @throws RangeError for no values. */
export function percentile(values: ArrayLike<number>, percent: number): number {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

/** The middle value, or the mean of the two middle values. @throws RangeError for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new RangeError('no values');
  return (low + high) / 2;
}

/** @throws RangeError for no values. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), low: percentile(values, 25), high: percentile(values, 75) };
}
