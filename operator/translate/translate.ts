/** Translation: the inventory in, what every proxy must have and what every policy's status must say out. Pure, and total: it never throws. */
import { refusedByProxy } from './proxy-checks.ts';
import { refusedByAllowance } from './gateway-allowance.ts';
import { acceptedCondition, resolvedCondition } from './conditions.ts';
import { findConflicts } from './conflicts.ts';
import { makeContents } from './snapshot-contents.ts';
import { rememberLast } from './memoize.ts';
import { parsePolicy } from './policy.ts';
import { indexSlices, resolvePools } from './pools.ts';
import { listProxies, selectProxies } from './proxy-selection.ts';
import { DEFAULTS } from '../api/defaults.ts';
import type { LoadBalancerPolicy } from '../api/policy.gen.ts';
import type { Allowed } from './gateway-allowance.ts';
import type { Pool } from './pools.ts';
import type { ParsedPolicy } from './policy.ts';
import type { Problem } from './field-parser.ts';
import type { Inventory, Translation, TranslateSettings, Verdict } from './types.ts';

/** A policy with everything that is known about it before conflicts are decided. */
interface Draft extends Parsed {
  readonly pools: readonly Pool[];
  /** UIDs, in name order. */
  readonly proxies: readonly string[];
}

interface Parsed {
  readonly policy: ParsedPolicy;
  /** Why it can not be accepted, whatever the others want. */
  readonly problems: readonly Problem[];
}

const NOBODY_RESTRICTED: Allowed = new Map();

type Counts = Pick<Verdict, 'endpoints' | 'endpointIds'>;

const lastParsed = rememberLast<LoadBalancerPolicy, Parsed>();
const lastCounts = rememberLast<ParsedPolicy, Counts>();

export function translate(inventory: Inventory, settings: TranslateSettings): Translation {
  const proxies = listProxies(inventory, settings);
  const slices = indexSlices(inventory.endpointSlices.values());
  const drafts = [...inventory.policies.values()]
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((source): Draft => {
      const parsed = lastParsed(source, [settings.allowed], () => parse(source, settings));
      const pools = resolvePools(parsed.policy, inventory, slices);
      return { ...parsed, pools, proxies: selectProxies(parsed.policy, proxies) };
    })
    .sort((a, b) => (a.policy.key < b.policy.key ? -1 : 1));
  const sound = drafts.filter(({ problems }) => problems.length === 0);
  const losers = findConflicts(sound);
  const winners = sound.filter(({ policy }) => !losers.has(policy.key));
  const { contents, targets } = makeContents(winners, proxies);
  const verdicts = drafts.map((draft) => [draft.policy.key, judge(draft, losers.get(draft.policy.key))] as const);
  return { contents, proxies: targets, verdicts: new Map(verdicts) };
}

function parse(source: LoadBalancerPolicy, { allowed = NOBODY_RESTRICTED }: TranslateSettings): Parsed {
  // 1e999 is read as Infinity, which no document can be made of again: it becomes null, and that is refused by name.
  const policy = parsePolicy(JSON.parse(JSON.stringify(source)) as LoadBalancerPolicy);
  if (policy.problems.length > 0) return { policy, problems: policy.problems };
  // Sidecars listen for their own application alone: their ports need not be shared out.
  const onGateways = (source.spec.proxies?.type ?? DEFAULTS.proxyType) === 'Gateway';
  const refused = onGateways ? refusedByAllowance(policy, allowed) : [];
  return { policy, problems: [...refused, ...refusedByProxy(policy)] };
}

function judge({ policy, pools, proxies, problems }: Draft, conflict: Problem | undefined): Verdict {
  return {
    namespace: policy.namespace,
    name: policy.name,
    uid: policy.uid,
    generation: policy.generation,
    accepted: acceptedCondition(policy, conflict ? [conflict] : problems),
    resolvedRefs: resolvedCondition(pools),
    // Endpoints of the fallback do not make up for those that are out.
    ...lastCounts(policy, pools, () => countEndpoints(pools.slice(0, policy.backends.length))),
    proxies,
  };
}

/** An endpoint that two backends share counts once. */
function countEndpoints(pools: readonly Pool[]): Counts {
  const ready = new Set<string>();
  for (const { part } of pools) for (const { id, state } of part.endpoints) if (state === 'active') ready.add(id);
  const known = new Set(pools.flatMap((pool) => pool.known));
  return { endpoints: { total: known.size, ready: ready.size }, endpointIds: [...ready].sort() };
}
