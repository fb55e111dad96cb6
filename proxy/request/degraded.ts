import type { DegradedPolicy } from '../snapshot/types.ts';
import type { RouteState } from './route-state.ts';

/** From best to worst. */
const STATES: readonly DegradedPolicy['state'][] = ['checking', 'panic', 'fallback', 'unavailable'];

/** The policies of these routes that are degraded, each once: with the worst state of its routes. */
export function degradedPolicies(routes: Iterable<RouteState>): DegradedPolicy[] {
  const found = new Map<string, DegradedPolicy>();
  for (const { route, degraded: state } of routes) {
    const { policy } = route;
    const known = found.get(policy);
    if (state && (!known || STATES.indexOf(state) > STATES.indexOf(known.state))) found.set(policy, { policy, state });
  }
  return [...found.values()];
}
