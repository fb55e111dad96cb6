/** The whole status of a policy: pure. */
import type { Condition, PolicyStatus } from '../api/policy.gen.ts';
import type { ConditionDraft, Verdict } from '../translate/types.ts';
import { countHealthy, type UnhealthyReports } from './endpoint-health.ts';
import type { KnownProxies } from './fleet-tallies.ts';
import type { Tally } from './policy-tally.ts';
import { programmedCondition } from './programmed-condition.ts';

/** What is known of all proxies. */
export interface FleetView extends KnownProxies {
  readonly unhealthy: UnhealthyReports;
  /** Whether the term has just begun, so that not every proxy could be contacted yet. */
  readonly termJustBegan: boolean;
}

/** What is known of the proxies of one policy. */
export interface PolicyView {
  readonly tally: Tally;
  /** Endpoint id → number of proxies that report it as unhealthy; absent: none does. */
  readonly unhealthy: ReadonlyMap<string, number> | undefined;
  /** See FleetView. */
  readonly termJustBegan: boolean;
}

/**
 * @param previous the status on the policy; a condition that did not change keeps its time of transition
 * @param now unix milliseconds
 */
export function statusOf(
  verdict: Verdict,
  view: PolicyView,
  previous: PolicyStatus | undefined,
  now: number,
): Required<PolicyStatus> {
  const before = new Map(previous?.conditions?.map((condition) => [condition.type, condition]));
  const drafts: readonly (readonly [string, ConditionDraft])[] = [
    ['Accepted', verdict.accepted],
    ['ResolvedRefs', verdict.resolvedRefs],
    ['Programmed', programmedCondition(verdict, view.tally, before.get('Programmed'), view.termJustBegan)],
  ];
  return {
    observedGeneration: verdict.generation,
    conditions: drafts.map(([type, draft]) => conditionOf(type, draft, verdict.generation, before.get(type), now)),
    ...countsOf(verdict, view),
  };
}

function conditionOf(
  type: string,
  draft: ConditionDraft,
  generation: number,
  before: Condition | undefined,
  now: number,
): Condition {
  const same = before?.status === draft.status;
  const lastTransitionTime = same ? before.lastTransitionTime : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  return { type, ...draft, observedGeneration: generation, lastTransitionTime };
}

function countsOf(verdict: Verdict, { tally, unhealthy }: PolicyView) {
  const { total, ready } = verdict.endpoints;
  const healthy = countHealthy(verdict.endpointIds, unhealthy, tally.reporting);
  const programmed = verdict.accepted.status === 'True' ? tally.running : 0;
  return {
    endpoints: { total, ready, healthy },
    proxies: { total: tally.selected, programmed },
    summary: { endpoints: `${healthy}/${total}`, proxies: `${programmed}/${tally.selected}` },
  };
}
