/** The snapshot of the scrape benchmark: many policies with many endpoints each. */
import type { SnapshotContent } from '../../operator/translate/types.ts';
import { digest } from '../../proxy/snapshot/canonical.ts';
import type { ActiveCheck } from '../../proxy/snapshot/health-check.ts';
import type { PoolPart, Route } from '../../proxy/snapshot/types.ts';
import { PASSIVE, RETRY, TIMEOUTS } from '../../proxy/testing.ts';

let generation = 0;

export const hostOf = (policy: number) => `shop-${policy}.example`;

/** Policies that each have all backends as endpoints, on the port of the backends and of the listener. */
export function snapshotContent(policies: number, backends: readonly string[], port: number): SnapshotContent {
  generation += 1;
  const routes: Route[] = [];
  const parts = new Map<string, PoolPart>();
  const pools: { id: string; digest: string }[] = [];
  for (let i = 0; i < policies; i += 1) {
    const policy = `team-${i % 7}/shop-${i}`;
    const id = `${policy}/team-${i % 7}/shop-${i}:80`;
    const part = partOf(backends, `shop-${i}`, port);
    parts.set(digest(part), part);
    pools.push({ id, digest: digest(part) });
    routes.push(routeOf(policy, id, hostOf(i)));
  }
  const generations = new Map(routes.map(({ policy }) => [policy, generation]));
  return { listeners: [{ port, protocol: 'HTTP', routes }], pools, parts, generations };
}

/** Endpoints with names in the form that a Deployment gives to its pods. */
function partOf(backends: readonly string[], name: string, port: number): PoolPart {
  const timing = { interval: 30_000, timeout: 1000, unhealthyThreshold: 3, healthyThreshold: 2 };
  const expectedStatuses = [{ from: 200, to: 399 }];
  const active: ActiveCheck = { type: 'HTTP', path: '/', method: 'GET', expectedStatuses, ...timing };
  return {
    loadBalancer: { type: 'RoundRobin' },
    healthCheck: { passive: PASSIVE, active },
    endpoints: backends.toSorted().map((address, i) => {
      const suffix = (Math.imul(i + 1, 2654435761) >>> 0).toString(36).slice(0, 5);
      const hashKey = `${name}-7d9f8b6c5d-${suffix}:${port}`;
      return { id: `${address}:${port}`, hashKey, address, port, weight: 1, zone: '', state: 'active' };
    }),
  };
}

function routeOf(policy: string, pool: string, host: string): Route {
  return {
    ...{ policy, generation, created: 0, hostnames: [host], matches: [], destinations: [{ pool, weight: 1 }] },
    ...{ retry: RETRY, timeouts: TIMEOUTS, accessLog: { enabled: false, samplePercent: 100 } },
  };
}
