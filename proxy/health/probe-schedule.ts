/** When endpoints are probed. PURE. */

/** The first probes are spread over this many ms per endpoint that awaits its first one, up to a tenth of the interval. */
const FIRST_SPREAD_MS = 5;

/** Milliseconds until the first probe. `waiting`: how many other endpoints await theirs. */
export function firstDelay(interval: number, waiting: number, random: () => number): number {
  return Math.min(interval / 10, FIRST_SPREAD_MS * waiting) * random();
}

/**
 * Milliseconds from the start of one probe to the start of the next. All proxies learn of an endpoint at the same moment, so the
 * second probe is at a random point of the interval to spread them; a jitter of a tenth keeps them spread.
 * @param begun probes made so far, ≥ 1
 */
export function nextDelay(interval: number, begun: number, random: () => number): number {
  return interval * (begun === 1 ? random() : 0.9 + 0.2 * random());
}
