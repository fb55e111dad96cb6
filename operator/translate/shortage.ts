/** Why no backend of a policy has an endpoint that could get a request, whatever the proxies find: from Kubernetes' objects alone. */
import type { Service } from '../api/kubernetes.ts';
import { WEIGHT_ANNOTATION } from '../api/labels.ts';
import type { Pool } from './pools.ts';
import type { Backend } from './policy.ts';
import type { Shortage } from './types.ts';

/** A message names this many Services and counts the rest. */
const MAX_NAMED = 3;

/**
 * @param pools of `backends`, in their order
 * @returns undefined when some endpoint could get a request; draining ones do while no other is active
 */
export function findShortage(
  backends: readonly Backend[],
  pools: readonly Pool[],
  services: ReadonlyMap<string, Service>,
): Shortage | undefined {
  const used = backends.flatMap((backend, i) => (backend.weight > 0 && pools[i] ? [{ backend, pool: pools[i] }] : []));
  if (backends.length > 0 && used.length === 0)
    return { reason: 'ZeroWeight', message: 'Every entry of backendRefs has weight 0, so no backend gets requests' };
  const endpoints = used.flatMap(({ pool }) => pool.part.endpoints);
  if (endpoints.some(({ weight }) => weight > 0)) return undefined;
  if (endpoints.length > 0)
    return { reason: 'ZeroWeight', message: `Every endpoint has weight 0 by the annotation ${WEIGHT_ANNOTATION} of its Pod` };
  const sentences = new Map(used.map(({ backend, pool }) => [backend.service, sentenceOf(backend, pool, services)]));
  const shown = [...sentences.values()].slice(0, MAX_NAMED).join('; ');
  const rest = sentences.size - MAX_NAMED;
  return { reason: 'NoEndpoints', message: `${shown}${rest > 0 ? `; and ${rest} more Services have no endpoint` : ''}` };
}

function sentenceOf({ service: key }: Backend, { known }: Pool, services: ReadonlyMap<string, Service>): string {
  const service = services.get(key);
  if (service === undefined) return `Service ${key} does not exist`;
  if (known.length > 0) return `Service ${key} has no endpoint that is ready, of ${known.length}`;
  const selects = Object.keys(service.spec.selector ?? {}).length > 0;
  return selects
    ? `Service ${key} selects no Pod that is ready`
    : `Service ${key} has no selector, and no EndpointSlice with an endpoint`;
}
