/** The row of one route. PURE. */
import type { RouteState } from '../../request/route-state.ts';
import type { Fallback, Match, RequestRedirect } from '../../snapshot/types.ts';
import { namesOf, ratio, round } from './endpoint-view.ts';
import type { RecentPolicy } from './sampler.ts';
import { headerInWords } from './header-words.ts';
import { printable } from './text.ts';
import type { DestinationView, RouteView } from './view.ts';

/** Most hostnames, matches and destinations shown per route. */
const MAX_OF_EACH = 8;

export interface RouteFigures {
  readonly lately: RecentPolicy | undefined;
  readonly spark: readonly number[];
  readonly pending: number;
  /** Endpoints of a set: how many there are, how many are healthy, and why none takes requests. */
  readonly health: (pool: string) => Pick<DestinationView, 'healthy' | 'endpoints' | 'reason'>;
}

export function routeView(port: number, { route }: RouteState, f: RouteFigures): RouteView {
  const { hostnames, matches, destinations, requestRedirect, fallback } = route;
  return {
    port,
    policy: printable(route.policy),
    generation: route.generation,
    hostnames: hostnames.slice(0, MAX_OF_EACH).map((name) => printable(name)),
    hostnamesLeftOut: Math.max(0, hostnames.length - MAX_OF_EACH),
    matches: matches.slice(0, MAX_OF_EACH).map(matchInWords),
    matchesLeftOut: Math.max(0, matches.length - MAX_OF_EACH),
    destinations: destinations.slice(0, MAX_OF_EACH).map(({ pool, weight }): DestinationView => {
      const { healthy, endpoints, reason } = f.health(pool);
      const why = weight === 0 ? 'its weight is 0' : reason;
      return { backend: namesOf({ id: pool }).backend, weight, healthy, endpoints, reason: why };
    }),
    destinationsLeftOut: Math.max(0, destinations.length - MAX_OF_EACH),
    redirect: requestRedirect ? redirectInWords(requestRedirect) : '',
    fallback: fallback ? fallbackInWords(fallback) : '',
    requestsPerSecond: f.lately ? round(f.lately.perSecond) : null,
    history: f.spark.map((n) => Math.round(n * 10) / 10),
    requests: f.lately?.requests ?? null,
    errorRatio: ratio(f.lately?.failed, f.lately?.requests),
    p50Ms: f.lately?.p50 === undefined ? null : round(f.lately.p50),
    p99Ms: f.lately?.p99 === undefined ? null : round(f.lately.p99),
    pending: f.pending,
  };
}

/** The texts that a filter matches a route by. */
export function routeTexts(port: number, { route }: RouteState): string[] {
  const paths = route.matches.flatMap(({ path }) => (path ? [path.value] : []));
  return [route.policy, `:${port}`, ...route.hostnames, ...paths, ...route.destinations.map(({ pool }) => pool)];
}

const PATH_TYPES = { PathPrefix: 'path', Exact: 'path =', RegularExpression: 'path ~' } as const;

function matchInWords({ method, path, headers = [] }: Match): string {
  const words = [
    ...(method === undefined ? [] : [method]),
    ...(path ? [`${PATH_TYPES[path.type]} ${path.value}`] : []),
    ...(headers.length > 0 ? [`header ${headers.map(headerInWords).join(', ')}`] : []),
  ];
  return printable(words.join(' · '));
}

function redirectInWords({ statusCode, scheme, hostname, port, path }: RequestRedirect): string {
  const target = [scheme && `${scheme}://`, hostname ?? (scheme && '…'), port && `:${port}`, path?.value]
    .filter(Boolean)
    .join('');
  return printable(`${statusCode} to ${target === '' ? 'itself' : target}`);
}

function fallbackInWords(fallback: Fallback): string {
  switch (fallback.type) {
    case 'Redirect':
      return printable(`${fallback.statusCode} to ${fallback.url}`);
    case 'Response':
      return `answer ${fallback.statusCode}`;
    case 'Backend':
      return namesOf({ id: fallback.pool }).backend;
  }
}
