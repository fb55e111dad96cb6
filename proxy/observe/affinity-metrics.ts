import { Affinity } from '../balance/affinity.ts';
import type { AffinityCounts } from '../balance/affinity.ts';
import type { Balancer } from '../balance/balancer.ts';
import { expose } from './text-format.ts';
import type { Sample } from './text-format.ts';
import type { Registry } from './registry.ts';
import { policyLabels } from '../metrics/labels.ts';

export interface CountingSet {
  /** Begins with `namespace/policy/`. */
  readonly id: string;
  readonly balancer: Balancer;
}

const HELP: Readonly<Record<keyof AffinityCounts, string>> = {
  hits: 'Requests that went to the endpoint of their key.',
  misses: 'Requests whose key was not remembered, or whose endpoint was not usable.',
  evictions: 'Keys dropped for lack of room before they were idle.',
};

/** Metrics of affinity tables, per policy; computed for each scrape. */
export function exposeAffinity(registry: Registry, pools: () => Iterable<CountingSet>): void {
  for (const what of ['hits', 'misses', 'evictions'] as const) {
    expose(registry, 'counter', `outrigger_affinity_${what}_total`, HELP[what], () => samples(pools(), what));
  }
}

/** All endpoint sets of a policy count together. */
function samples(pools: Iterable<CountingSet>, what: keyof AffinityCounts): Iterable<Sample> {
  const sums = new Map<string, { labels: Sample['labels']; value: number }>();
  for (const { id, balancer } of pools) {
    if (!(balancer instanceof Affinity)) continue;
    const labels = policyLabels(id);
    const key = `${labels.namespace}/${labels.policy}`;
    const sum = sums.get(key);
    if (sum) sum.value += balancer.counts[what];
    else sums.set(key, { labels, value: balancer.counts[what] });
  }
  return sums.values();
}
