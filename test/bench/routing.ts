/** CPU to find the route of a request. In this process, without sockets. */
import { createRouteTable } from '../../proxy/route/route-table.ts';
import type { RoutedBy, RouteTable } from '../../proxy/route/route-table.ts';
import type { Route } from '../../proxy/snapshot/types.ts';
import type { Bench, Row } from './bench.ts';

const HOSTS = 1000;
const PATHS = ['/', '/api/v1/', '/static/assets/images/'];
const BOUND_NS = 2000;
const BATCHES = 10;
const ROUNDS = 7;

function route(hostname: string, path: string): Route {
  const none = { attempts: 0, sameEndpoint: 0, perTryTimeout: 0, retryOn: [], backOff: { base: 1, max: 1 } };
  return {
    policy: `default/${hostname}${path}`,
    generation: 1,
    created: 0,
    hostnames: [hostname],
    matches: [{ path: { type: 'PathPrefix', value: path } }],
    destinations: [{ pool: 'p', weight: 1 }],
    retry: { ...none, nonIdempotent: false, bufferLimit: 0 },
    timeouts: { connect: 1, request: 0, idle: 0, drain: 0 },
    accessLog: { enabled: false, samplePercent: 0 },
  };
}

/** Nanoseconds of CPU per look-up: the minimum of several rounds, since other processes can only add to it. */
function measure(table: RouteTable<unknown>, requests: () => readonly RoutedBy[]): number {
  const round = (): number => {
    let microseconds = 0;
    for (let i = 0; i < BATCHES; i++) {
      const batch = requests();
      const before = process.cpuUsage();
      for (const request of batch) if (!table.match(request)) throw new Error('no route');
      const { user, system } = process.cpuUsage(before);
      microseconds += user + system;
    }
    return (microseconds * 1000) / (BATCHES * HOSTS * PATHS.length);
  };
  return Math.min(...Array.from({ length: ROUNDS }, round));
}

/** One request for each host and path, as a parser makes them: new strings, whose hashes have not been computed. */
function requestsTo(hosts: readonly string[]): () => RoutedBy[] {
  const fresh = (text: string): string => Buffer.from(text).toString();
  const fields = { get: () => undefined, all: () => [] };
  return () =>
    PATHS.flatMap((path) =>
      hosts.map((host, i) => ({
        host: fresh(host),
        path: fresh(path + String(i)),
        method: 'GET',
        authority: undefined,
        protocol: undefined,
        fields,
      })),
    );
}

export const routing: Bench = () => {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `shop-${i}.example.com`);
  const table = (name: (host: string) => string) =>
    createRouteTable(hosts.flatMap((host) => PATHS.map((path) => ({ route: route(name(host), path), value: path }))));
  const row = (what: string, ns: number): Row => ({
    what: `find a route: ${HOSTS} ${what} × ${PATHS.length} paths`,
    number: `${ns.toFixed(0)} ns of CPU`,
    bound: { text: `≤ ${BOUND_NS} ns`, met: ns <= BOUND_NS },
  });
  const exact = measure(
    table((host) => host),
    requestsTo(hosts),
  );
  const wildcard = measure(
    table((host) => `*.${host}`),
    requestsTo(hosts.map((host) => `eu.www.${host}`)),
  );
  return Promise.resolve([row('hostnames', exact), row('wildcards, two labels below,', wildcard)]);
};
