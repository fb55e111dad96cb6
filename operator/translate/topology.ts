/**
 * Hints of EndpointSlices: from which zones and Nodes an endpoint should be used. The slice controller writes them for a Service with
 * `trafficDistribution` (or the older annotation `topology-mode`); proxies follow them by kube-proxy's rule, for which only hints
 * count that every active endpoint has. Others are not sent, so that bodies do not grow for nothing.
 */
import { MAX_HINTS, MAX_PLACE_LENGTH } from '../../proxy/snapshot/limits.ts';
import type { Endpoint, EndpointHints, LoadBalancer } from '../../proxy/snapshot/types.ts';
import type { Service, SliceEndpoint } from '../api/kubernetes.ts';

type Kind = keyof EndpointHints;
const KINDS: readonly Kind[] = ['zones', 'nodes'];

/** The hints of a slice's entry, as the member of an endpoint. */
export function readHints({ hints }: SliceEndpoint): Pick<Endpoint, 'hints'> {
  const zones = names(hints?.forZones);
  const nodes = names(hints?.forNodes);
  if (zones.length === 0 && nodes.length === 0) return {};
  return { hints: { ...(zones.length > 0 && { zones }), ...(nodes.length > 0 && { nodes }) } };
}

/** Names that are too long come only from hand-written slices, and would make a proxy refuse the whole snapshot. */
function names(given: readonly { readonly name: string }[] | null | undefined): string[] {
  const valid = (given ?? []).map(({ name }) => name).filter((name) => name && name.length <= MAX_PLACE_LENGTH);
  return valid.slice(0, MAX_HINTS);
}

/** The endpoints of a pool, with the hints that its proxies follow. */
export function keepUsefulHints(endpoints: readonly Endpoint[], lb: LoadBalancer): readonly Endpoint[] {
  if (!endpoints.some(({ hints }) => hints !== undefined)) return endpoints;
  const kinds = lb.type === 'ConsistentHash' || lb.zoneAware ? [] : completeKinds(endpoints);
  return endpoints.map(({ hints, ...rest }) => {
    if (hints === undefined || kinds.length === 0 || rest.state !== 'active') return rest;
    return { ...rest, hints: Object.fromEntries(kinds.map((kind) => [kind, hints[kind]])) };
  });
}

/** The kinds of hints that every active endpoint has. */
function completeKinds(endpoints: readonly Endpoint[]): readonly Kind[] {
  const active = endpoints.filter(({ state }) => state === 'active');
  return KINDS.filter((kind) => active.every(({ hints }) => hints?.[kind] !== undefined));
}

/** A note where a Service asks for what the strategy cannot give. */
export function ignoredTopology({ metadata, spec }: Service, endpoints: readonly Endpoint[], lb: LoadBalancer): string[] {
  if (lb.type !== 'ConsistentHash') return [];
  const { trafficDistribution } = spec;
  const hinted = endpoints.some(({ state }) => state === 'active') && completeKinds(endpoints).length > 0;
  if (trafficDistribution === undefined && !hinted) return [];
  const what =
    trafficDistribution === undefined ? 'the hints of its endpoints are' : `trafficDistribution ${trafficDistribution} is`;
  return [`Service ${metadata.namespace}/${metadata.name}: ${what} ignored, because with ConsistentHash the key alone decides`];
}
