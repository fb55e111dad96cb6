import type { RouteView, StatsView } from '../view.ts';
import { count, duration, percent } from './format.ts';
import { spark } from './spark.ts';
import { aside, leftOut, line, table } from './table.ts';
import { h } from './tree.ts';
import type { Element, Tree } from './tree.ts';

const COLUMNS = [
  { name: 'Policy' },
  { name: 'Port', figures: true },
  { name: 'Match' },
  { name: 'Backends' },
  { name: 'Requests/s', figures: true },
  { name: 'Errors', figures: true },
  { name: 'p50', figures: true },
  { name: 'p99', figures: true },
  { name: 'Waiting', figures: true },
];

export function routes({ routes: rows, routesLeftOut, filter }: StatsView): Element {
  const none = filter === '' ? 'No policy has been pushed to this proxy.' : 'No route fits the filter.';
  return h(
    'section',
    { 'aria-labelledby': 'routes' },
    h('h2', { id: 'routes' }, 'Routes'),
    rows.length > 0
      ? table(
          'Routes',
          COLUMNS,
          rows.map((route) => () => row(route)),
        )
      : h('p', { class: 'note' }, none),
    leftOut(routesLeftOut, routesLeftOut === 1 ? 'route' : 'routes'),
  );
}

function row(route: RouteView): Tree[][] {
  return [
    [h('b', {}, route.policy), h('small', {}, `generation ${route.generation}`)],
    [String(route.port)],
    matches(route),
    destinations(route),
    [spark(route.history), h('span', {}, count(route.requestsPerSecond))],
    [h('span', (route.errorRatio ?? 0) > 0 ? { class: 'bad' } : {}, percent(route.errorRatio))],
    [duration(route.p50Ms)],
    [duration(route.p99Ms)],
    [count(route.pending)],
  ];
}

function matches(r: RouteView): Element[] {
  const hosts = r.hostnames.length > 0 ? r.hostnames : ['every host'];
  const lines = [line(hosts.join(', ') + more(r.hostnamesLeftOut)), ...r.matches.map((match) => h('small', {}, match))];
  if (r.matchesLeftOut > 0) lines.push(h('small', {}, `or ${r.matchesLeftOut} more`));
  return lines;
}

function destinations(r: RouteView): Element[] {
  if (r.redirect !== '') return [line(`redirect: ${r.redirect}`)];
  const weighed = r.destinations.length > 1;
  const lines = r.destinations.map(({ backend, weight, healthy, endpoints, reason }) =>
    line(
      backend,
      ' ',
      h(
        'small',
        healthy < endpoints || endpoints === 0 ? { class: 'bad' } : {},
        `${healthy}/${endpoints} healthy${weighed ? `, weight ${weight}` : ''}`,
      ),
      aside(reason),
    ),
  );
  if (r.destinationsLeftOut > 0) lines.push(line(`and ${r.destinationsLeftOut} more`));
  const fallback = aside(r.fallback === '' ? '' : `else ${r.fallback}`);
  return fallback ? [...lines, fallback] : lines;
}

function more(n: number): string {
  return n > 0 ? ` and ${n} more` : '';
}
