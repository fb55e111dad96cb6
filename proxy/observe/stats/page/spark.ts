import { count } from './format.ts';
import { h } from './tree.ts';
import type { Element } from './tree.ts';

const WIDTH = 118;
const HEIGHT = 24;
/** Points of the full width: five minutes. */
const POINTS = 60;

/** A line whose newest point is at the right, scaled to its highest point. */
export function spark(rates: readonly number[]): Element {
  const highest = Math.max(...rates, 0);
  const x = (i: number) => WIDTH - (rates.length - 1 - i) * (WIDTH / (POINTS - 1));
  const y = (rate: number) => HEIGHT - 1 - (highest > 0 ? (rate / highest) * (HEIGHT - 3) : 0);
  const points = rates.map((rate, i) => `${fixed(x(i))},${fixed(y(rate))}`);
  const label = `last 5 minutes, at most ${count(highest)} per second`;
  return h(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
    h('title', {}, label),
    h('polyline', { class: 'base', points: `0,${HEIGHT - 1} ${WIDTH},${HEIGHT - 1}` }),
    h('polygon', { points: [`${fixed(x(0))},${HEIGHT}`, ...points, `${WIDTH},${HEIGHT}`].join(' ') }),
    h('polyline', { points: points.join(' ') }),
  );
}

/** A bar for a share; the number is next to it. */
export function bar(share: number): Element {
  return h(
    'svg',
    { class: 'bar', viewBox: '0 0 60 6', 'aria-hidden': 'true' },
    h('rect', { class: 'of', width: '60', height: '6', rx: '3' }),
    h('rect', { width: fixed(60 * Math.min(1, share)), height: '6', rx: '3' }),
  );
}

function fixed(n: number): string {
  return String(Math.round(n * 10) / 10);
}
