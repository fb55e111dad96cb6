import type { BackendView, EndpointRow, StatsView, EndpointStatus } from '../view.ts';
import { between, count, duration, percent } from './format.ts';
import { bar } from './spark.ts';
import { aside, leftOut, table } from './table.ts';
import { h } from './tree.ts';
import type { Element, Tree } from './tree.ts';

const COLUMNS = [
  { name: 'Endpoint' },
  { name: 'Zone' },
  { name: 'Status' },
  { name: 'Weight', figures: true },
  { name: 'Active', figures: true },
  { name: 'Share', figures: true },
  { name: 'Errors', figures: true },
  { name: 'Latency', figures: true },
];

/** Statuses also differ by shape, not only by colour. */
const SIGNS: Readonly<Record<EndpointStatus, string>> = { UP: '●', DOWN: '✕', EJECTED: '▲', DRAIN: '◐', NEW: '○', FULL: '■' };

export function backends({ backends: all, endpointsLeftOut, filter, at }: StatsView): Element {
  const none = filter === '' ? 'No policy has a backend.' : 'No endpoint fits the filter.';
  return h(
    'section',
    { 'aria-labelledby': 'endpoints' },
    h('h2', { id: 'endpoints' }, 'Endpoints ', h('small', {}, 'shares, errors and mean latency of the last minute')),
    ...all.map((backend) => () => card(backend, at)),
    all.length > 0 ? undefined : h('p', { class: 'note' }, none),
    leftOut(endpointsLeftOut, endpointsLeftOut === 1 ? 'endpoint' : 'endpoints'),
  );
}

function card(b: BackendView, at: string): Element {
  const name = `${b.policy} → ${b.backend}`;
  return h(
    'article',
    { 'aria-label': name },
    h(
      'h3',
      {},
      b.policy,
      h('span', { class: 'to' }, ' → '),
      b.backend,
      ' ',
      h('small', {}, b.strategy),
      ' ',
      h(
        'small',
        b.healthy < b.endpointCount || b.endpointCount === 0 ? { class: 'bad' } : {},
        `${b.healthy}/${b.endpointCount} healthy`,
      ),
    ),
    b.panic ? h('p', { class: 'alert' }, h('b', {}, 'Panic: '), 'too few endpoints are healthy, so all are used.') : undefined,
    b.reason === '' ? undefined : h('p', { class: 'alert' }, h('b', {}, 'It takes no requests: '), b.reason),
    b.endpoints.length > 0
      ? table(
          name,
          COLUMNS,
          b.endpoints.map((e) => () => row(e, at)),
        )
      : undefined,
  );
}

function row(e: EndpointRow, at: string): Tree[][] {
  return [
    [h('b', {}, e.name), ...list(aside(e.address === e.name ? '' : e.address))],
    [e.zone === '' ? '–' : e.zone],
    status(e, at),
    [e.weight === e.fullWeight ? count(e.weight) : `${count(e.weight)} of ${count(e.fullWeight)}`],
    [count(e.active)],
    [bar(e.share ?? 0), h('span', {}, percent(e.share))],
    [h('span', (e.errorRatio ?? 0) > 0 ? { class: 'bad' } : {}, percent(e.errorRatio))],
    [duration(e.meanMs)],
  ];
}

function status(e: EndpointRow, at: string): Tree[] {
  const until = e.ejectedUntil !== null && e.ejectedUntil > at ? `; probation in ${between(at, e.ejectedUntil)}` : '';
  return [
    h('span', { class: `status ${e.status}` }, h('span', { 'aria-hidden': 'true' }, SIGNS[e.status]), ` ${e.status}`),
    ' ',
    h('small', {}, `for ${between(e.since, at)}`),
    ...list(aside(e.reason === '' ? '' : e.reason + until)),
  ];
}

function list(element: Element | undefined): Element[] {
  return element ? [element] : [];
}
