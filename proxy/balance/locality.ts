/** Which endpoints of a pool are local to a proxy. PURE. */
import type { Location } from '../snapshot/location.ts';
import type { EndpointHints, LoadBalancer } from '../snapshot/types.ts';
import type { EndpointView, EndpointViews } from './balancer.ts';

/** What a proxy prefers. A plain value: equal ones find the same endpoints. */
export interface LocalPreference extends Location {
  /** `zone`: the endpoints in the proxy's zone, as the policy asks. `hints`: those that are hinted for the proxy. */
  readonly by: 'zone' | 'hints';
  /** With fewer usable local endpoints none is preferred; ≥ 1. */
  readonly minEndpoints: number;
}

/** What a proxy at this location prefers; undefined: nothing. `hinted`: whether endpoints of the pool have, or had, hints. */
export function preferenceOf(lb: LoadBalancer, { zone, node }: Location, hinted: boolean): LocalPreference | undefined {
  if (lb.type === 'ConsistentHash') return undefined;
  if (lb.zoneAware) return zone === '' ? undefined : { by: 'zone', zone, node: '', ...lb.zoneAware };
  return hinted && (zone !== '' || node !== '') ? { by: 'hints', zone, node, minEndpoints: 1 } : undefined;
}

/** For each endpoint, whether it is local. */
export function findLocal({ by, ...location }: LocalPreference, view: EndpointViews): readonly boolean[] {
  return view.map(by === 'zone' ? (e) => e.zone === location.zone : hintedFor(location, view));
}

/**
 * The rule of kube-proxy, over the active endpoints: where every one has a hint for Nodes, and one is hinted for the proxy's Node,
 * those hinted for it. Otherwise the same with zones. Otherwise none: a hint that some endpoints lack says nothing.
 */
function hintedFor({ zone, node }: Location, view: EndpointViews): (e: EndpointView) => boolean {
  const active = view.filter(isActive);
  const places: readonly (readonly [keyof EndpointHints, string])[] = [
    ['nodes', node],
    ['zones', zone],
  ];
  for (const [kind, place] of places) {
    const isHinted = (e: EndpointView): boolean => isActive(e) && (e.hints?.[kind]?.includes(place) ?? false);
    if (active.every((e) => e.hints?.[kind] !== undefined) && active.some(isHinted)) return isHinted;
  }
  return () => false;
}

function isActive({ state }: EndpointView): boolean {
  return state !== 'draining';
}
