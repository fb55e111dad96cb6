import type { Listener, Route } from '../../proxy/snapshot/types.ts';
import type { Claimant } from './conflicts.ts';
import type { ParsedPolicy } from './policy.ts';
import type { Pool } from './pools.ts';
import type { Proxy } from './proxy-selection.ts';
import type { ProxyTarget, SnapshotContent } from './types.ts';

/** An accepted policy: it is in the snapshot of every proxy that it selects. */
export interface Winner extends Claimant {
  readonly pools: readonly Pool[];
}

export interface Contents {
  readonly contents: ReadonlyMap<string, SnapshotContent>;
  readonly targets: readonly ProxyTarget[];
}

/** One content for all proxies that the same policies select. A proxy that none selects gets an empty one, and so becomes Ready. */
export function makeContents(winners: readonly Winner[], proxies: readonly Proxy[]): Contents {
  const contents = new Map<string, SnapshotContent>();
  const byProxy = new Map(proxies.map(({ target }) => [target.uid, [] as Winner[]]));
  for (const winner of winners) for (const uid of winner.proxies) byProxy.get(uid)?.push(winner);
  const targets = proxies.map(({ target }): ProxyTarget => {
    const selected = byProxy.get(target.uid) ?? [];
    const selection = selected.map(({ policy }) => policy.key).join(' ');
    if (!contents.has(selection)) contents.set(selection, makeContent(selected));
    return { ...target, selection };
  });
  return { contents, targets };
}

/** `winners` are sorted by key, so that equal inputs give equal digests. */
function makeContent(winners: readonly Winner[]): SnapshotContent {
  const pools = winners.flatMap((winner) => winner.pools);
  return {
    listeners: makeListeners(winners.map(({ policy }) => policy)),
    pools: pools.map(({ id, digest }) => ({ id, digest })).sort((a, b) => (a.id < b.id ? -1 : 1)),
    parts: new Map(pools.map(({ digest, part }) => [digest, part])),
    generations: new Map(winners.map(({ policy }) => [policy.key, policy.generation])),
    uids: new Map(winners.map(({ policy }) => [policy.key, policy.uid])),
  };
}

/** The route of a policy with a listener. */
function makeRoute(policy: ParsedPolicy): Route {
  return {
    policy: policy.key,
    generation: policy.generation,
    created: policy.created,
    hostnames: policy.hostnames,
    matches: policy.matches,
    destinations: policy.backends.map(({ pool, weight }) => ({ pool, weight })),
    retry: policy.retry,
    timeouts: policy.timeouts,
    ...(policy.filters.requestRedirect === undefined && { circuitBreaker: policy.circuitBreaker }),
    ...(policy.fallback && { fallback: policy.fallback }),
    accessLog: policy.accessLog,
    ...policy.filters,
    ...(policy.sessionPersistence && { sessionPersistence: policy.sessionPersistence }),
  };
}

/**
 * Listeners, ports ascending, with routes in the order of the policies; a policy that only monitors has none. What belongs to the
 * listener itself is the same in all policies on a port (conflicts.ts).
 */
export function makeListeners(policies: readonly ParsedPolicy[]): Listener[] {
  const byPort = new Map<number, Omit<Listener, 'routes'> & { readonly routes: Route[] }>();
  for (const policy of policies) {
    const { port, listenerSettings } = policy;
    if (port === undefined) continue;
    const listener = byPort.get(port);
    if (listener) listener.routes.push(makeRoute(policy));
    else byPort.set(port, { port, protocol: 'HTTP', ...listenerSettings, routes: [makeRoute(policy)] });
  }
  return [...byPort.values()].sort((a, b) => a.port - b.port);
}
