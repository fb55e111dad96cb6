/** Translation: inventory → the content of every proxy and a verdict on every policy. Pure, and never throws. */
import { refusedByProxy } from './proxy-checks.ts';
import { refusedByAllowance } from './gateway-allowance.ts';
import { acceptedCondition, resolvedCondition } from './conditions.ts';
import { findDeadMatches, type DeadMatch } from './dead-matches.ts';
import { findConflicts } from './conflicts.ts';
import { findCookieConflicts } from './cookie-conflicts.ts';
import { makeContents } from './snapshot-contents.ts';
import { rememberLast } from './memoize.ts';
import { parsePolicy } from './policy.ts';
import { indexSlices, resolvePools } from './pools.ts';
import { listProxies, selectProxies } from './proxy-selection.ts';
import { findShortage } from './shortage.ts';
import { DEFAULTS } from '../api/defaults.ts';
import type { LoadBalancerPolicy } from '../api/policy.gen.ts';
import type { Allowed } from './gateway-allowance.ts';
import type { Pool } from './pools.ts';
import type { ParsedPolicy } from './policy.ts';
import type { Problem } from './field-parser.ts';
import type { Inventory, PortNames, Translation, TranslateSettings, Verdict } from './types.ts';

/** A policy with everything that is known before conflicts are decided. */
interface Draft extends Parsed {
  readonly pools: readonly Pool[];
  /** UIDs, in name order. */
  readonly proxies: readonly string[];
}

interface Parsed {
  readonly policy: ParsedPolicy;
  /** Why it cannot be accepted, regardless of other policies. */
  readonly problems: readonly Problem[];
  /** Matches that no request can match. */
  readonly dead: readonly DeadMatch[];
}

const UNRESTRICTED: Allowed = new Map();

/** What depends on the endpoints of the backends. */
type Counts = Pick<Verdict, 'endpoints' | 'endpointIds' | 'shortage'>;

const lastParsed = rememberLast<LoadBalancerPolicy, Parsed>();
const lastCookies = rememberLast<object, ReturnType<typeof findCookieConflicts>>();
/** There is one result, of all policies together. */
const COOKIES = {};
const lastCounts = rememberLast<ParsedPolicy, Counts>();

/** `previous`: `portNames` of the last translation. */
export function translate(inventory: Inventory, settings: TranslateSettings, previous: PortNames = new Map()): Translation {
  const proxies = listProxies(inventory, settings);
  const slices = indexSlices(inventory.endpointSlices.values());
  const drafts = [...inventory.policies.values()]
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((source): Draft => {
      const parsed = lastParsed(source, [settings.allowed], () => parse(source, settings));
      const pools = resolvePools(parsed.policy, inventory, slices, previous);
      return { ...parsed, pools, proxies: selectProxies(parsed.policy, proxies) };
    })
    .sort((a, b) => (a.policy.key < b.policy.key ? -1 : 1));
  const sound = drafts.filter(({ problems }) => problems.length === 0);
  const losers = findConflicts(sound);
  const winners = sound.filter(({ policy }) => !losers.has(policy.key));
  const { contents, targets } = makeContents(winners, proxies);
  const served = winners.filter(({ policy, dead }) => dead.length === 0 || dead.length < policy.matches.length);
  const cookies = lastCookies(COOKIES, [inventory.proxyPods, ...served.map(({ policy }) => policy)], () =>
    findCookieConflicts(served),
  );
  const verdicts = drafts.map((draft) => {
    const { key } = draft.policy;
    return [key, judge(draft, losers.get(key), cookies.get(key) ?? [], inventory.services)] as const;
  });
  const portNames = new Map(drafts.flatMap(({ pools }) => pools.map((pool) => [pool.id, pool.portNames] as const)));
  return { contents, proxies: targets, verdicts: new Map(verdicts), portNames };
}

function parse(source: LoadBalancerPolicy, { allowed = UNRESTRICTED }: TranslateSettings): Parsed {
  // 1e999 parses as Infinity, which JSON cannot represent: here it becomes null, which is refused with the field's name.
  const policy = parsePolicy(JSON.parse(JSON.stringify(source)) as LoadBalancerPolicy);
  if (policy.problems.length > 0) return { policy, problems: policy.problems, dead: [] };
  // Sidecars listen only for their own application: their ports are not shared.
  const onGateways = (source.spec.proxies?.type ?? DEFAULTS.proxyType) === 'Gateway';
  const refused = onGateways ? refusedByAllowance(policy, allowed) : [];
  const problems = [...refused, ...refusedByProxy(policy)];
  return { policy, problems, dead: problems.length > 0 ? [] : findDeadMatches(policy, source.spec.matches) };
}

function judge(
  { policy, pools, proxies, problems, dead }: Draft,
  conflict: Problem | undefined,
  cookies: readonly string[],
  services: Inventory['services'],
): Verdict {
  const { backends } = policy;
  // Endpoints of the fallback are not counted.
  const own = pools.slice(0, backends.length);
  const needsEndpoints = policy.port !== undefined && backends.length > 0;
  return {
    namespace: policy.namespace,
    name: policy.name,
    uid: policy.uid,
    generation: policy.generation,
    port: policy.port,
    accepted: acceptedCondition(policy, conflict ? [conflict] : problems, dead, cookies),
    resolvedRefs: resolvedCondition(pools, policy.notes),
    ...(dead.length > 0 && {
      deadMatches: { indexes: dead.map(({ index }) => index), all: dead.length === policy.matches.length },
    }),
    needsEndpoints,
    hasFallback: policy.fallback !== undefined,
    idle: policy.idle,
    ...lastCounts(policy, pools, () => {
      const shortage = backends.length > 0 ? findShortage(backends, own, services) : undefined;
      return { ...countEndpoints(own), ...(shortage && { shortage }) };
    }),
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
