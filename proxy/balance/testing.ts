import type { Balancer, EndpointView, EndpointViews } from './balancer.ts';
import { hash64 } from './hash.ts';

/** A small repeatable random source for tests (mulberry32): uniform in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Completes what an update left for later; returns the number of steps. */
export function finishSteps(b: Balancer, budget = 100_000): number {
  let steps = 1;
  while (b.step?.(budget) === false) if (++steps > 1_000_000) throw new Error('a step that never ends');
  return steps;
}

/** Equal endpoints `e0`, `e1`, … whose hash keys are `pod-0:80`, `pod-1:80`, … */
export function equals(n: number): EndpointView[] {
  return Array.from({ length: n }, (_, i) => ({ id: `e${i}`, hashKey: `pod-${i}:80`, weight: 1 }));
}

/** The ids that keys `key-0`, `key-1`, … go to. */
export function placesOf(b: Balancer, view: EndpointViews, keys: number): string[] {
  return Array.from({ length: keys }, (_, k) => placeOf(b, view, `key-${k}`));
}

export function placeOf(b: Balancer, view: EndpointViews, key: string, tried: readonly number[] = [], now = 0): string {
  return view[b.pick({ tried, now, random: () => 0, hash: hash64(key) })]?.id ?? '-';
}

/** Endpoints whose ids are the names, with these weights. */
export function weighted(weights: Readonly<Record<string, number>>): EndpointViews {
  return Object.entries(weights).map(([id, weight]) => ({ id, weight }));
}

/** The ids of `n` picks without beginning a request. */
export function sequence(b: Balancer, view: EndpointViews, n: number): string {
  const random = seeded(1);
  return Array.from({ length: n }, () => view[b.pick({ tried: [], now: 0, random })]?.id ?? '-').join(' ');
}

/** The share of each endpoint over `n` picks without beginning a request. */
export function shares(b: Balancer, view: EndpointViews, n: number): number[] {
  const random = seeded(7);
  const seen = view.map(() => 0);
  for (let k = 0; k < n; k++) seen[b.pick({ tried: [], now: 0, random })]!++;
  return seen.map((count) => count / n);
}

export function assertNear(actual: readonly number[], expected: readonly number[], by: number): void {
  const near = actual.every((a, i) => Math.abs(a - (expected[i] ?? NaN)) < by);
  if (!near) throw new Error(`${actual.join()} is not near ${expected.join()}`);
}
