import { expose } from './text-format.ts';
import type { Sample } from './text-format.ts';
import type { Registry } from './registry.ts';
import { policyLabels } from '../metrics/labels.ts';

export interface PanickingSet {
  /** Begins with `namespace/policy/`. */
  readonly id: string;
  readonly health: { readonly panic: boolean };
}

/** Panic mode per policy: whether one of its endpoint sets ignores health; computed for each scrape. */
export function exposePanic(registry: Registry, pools: () => Iterable<PanickingSet>): void {
  const help = '1: panic mode: too few endpoints are healthy, and all are used.';
  expose(registry, 'gauge', 'outrigger_panic', help, () => samples(pools()));
}

function samples(pools: Iterable<PanickingSet>): Iterable<Sample> {
  const found = new Map<string, Sample>();
  for (const { id, health } of pools) {
    const labels = policyLabels(id);
    const key = `${labels.namespace}/${labels.policy}`;
    if (health.panic || !found.has(key)) found.set(key, { labels, value: health.panic ? 1 : 0 });
  }
  return found.values();
}
