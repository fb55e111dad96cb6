/** Translation: the inventory in, what every proxy must have and what every policy's status must say out. Pure, and total: it never throws. */
import { refusedByProxy } from './acceptable.ts';
import { acceptedCondition, resolvedCondition } from './conditions.ts';
import { findConflicts } from './conflicts.ts';
import { makeContents } from './contents.ts';
import { parsePolicy } from './policy.ts';
import { indexSlices, resolvePool } from './pools.ts';
import { listProxies, selectProxies } from './proxies.ts';
import type { Pool } from './pools.ts';
import type { ParsedPolicy } from './policy.ts';
import type { Problem } from './reader.ts';
import type { Inventory, Translation, TranslateSettings, Verdict } from './types.ts';

/** A policy with everything that is known about it before conflicts are decided. */
export interface Draft {
  readonly policy: ParsedPolicy;
  readonly pools: readonly Pool[];
  /** UIDs, in name order. */
  readonly proxies: readonly string[];
  readonly problems: readonly Problem[];
}

export function translate(inventory: Inventory, settings: TranslateSettings): Translation {
  const proxies = listProxies(inventory.proxyPods.values(), settings);
  const slices = indexSlices(inventory.endpointSlices.values());
  const drafts = [...inventory.policies.values()]
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((source): Draft => {
      const policy = parsePolicy(source);
      const pools = policy.backends.map((_, index) => resolvePool(policy, index, inventory, slices));
      const problems = policy.problems.length > 0 ? policy.problems : refusedByProxy(policy, pools);
      return { policy, pools, proxies: selectProxies(policy, proxies), problems };
    })
    .sort((a, b) => (a.policy.key < b.policy.key ? -1 : 1));
  const sound = drafts.filter(({ problems }) => problems.length === 0);
  const losers = findConflicts(sound);
  const { contents, targets } = makeContents(
    sound.filter(({ policy }) => !losers.has(policy.key)),
    proxies,
  );
  const verdicts = drafts.map((draft) => [draft.policy.key, judge(draft, losers.get(draft.policy.key))] as const);
  return { contents, proxies: targets, verdicts: new Map(verdicts) };
}

function judge({ policy, pools, proxies, problems }: Draft, conflict: Problem | undefined): Verdict {
  const ready = new Set(pools.flatMap(({ part }) => part.endpoints.flatMap(({ id, state }) => (state === 'active' ? [id] : []))));
  const known = new Set(pools.flatMap((pool) => pool.known));
  return {
    namespace: policy.namespace,
    name: policy.name,
    uid: policy.uid,
    generation: policy.generation,
    accepted: acceptedCondition(policy, conflict ? [conflict] : problems),
    resolvedRefs: resolvedCondition(pools),
    endpoints: { total: known.size, ready: ready.size },
    endpointIds: [...ready].sort(),
    proxies,
  };
}
