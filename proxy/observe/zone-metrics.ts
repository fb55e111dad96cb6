import { LocalityAware } from '../balance/locality-aware.ts';
import type { CountingSet } from './affinity-metrics.ts';
import { expose } from './text-format.ts';
import type { Sample } from './text-format.ts';
import type { Registry } from './registry.ts';
import { policyLabels } from '../metrics/labels.ts';

/** The zone of the proxy, and how many attempts stay local, per policy that prefers local endpoints. Computed for each scrape. */
export function exposeZone(registry: Registry, zone: () => string, pools: () => Iterable<CountingSet>): void {
  const info = 'Zone of this proxy, as set by the operator; empty: not known.';
  expose(registry, 'gauge', 'outrigger_zone_info', info, () => [{ labels: { zone: zone() }, value: 1 }]);
  const help =
    'Attempts at local endpoints and at others, of policies that prefer those in the zone, or on the Node, of this proxy.';
  expose(registry, 'counter', 'outrigger_zone_attempts_total', help, () => samples(pools()));
}

/** All endpoint sets of a policy count together. */
function* samples(pools: Iterable<CountingSet>): Generator<Sample> {
  const sums = new Map<string, { id: string; local: number; other: number }>();
  for (const { id, balancer } of pools) {
    if (!(balancer instanceof LocalityAware)) continue;
    const { namespace, policy } = policyLabels(id);
    const key = `${namespace}/${policy}`;
    const { local, other } = sums.get(key) ?? { local: 0, other: 0 };
    sums.set(key, { id, local: local + balancer.counts.local, other: other + balancer.counts.other });
  }
  for (const { id, ...sum } of sums.values())
    for (const locality of ['local', 'other'] as const) yield { labels: { ...policyLabels(id), locality }, value: sum[locality] };
}
