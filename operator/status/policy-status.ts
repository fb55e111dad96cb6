/** The whole status of a policy: pure. */
import type { Condition, PolicyStatus } from '../api/policy.gen.ts';
import type { ConditionDraft, Verdict } from '../translate/types.ts';
import { judgeEndpoints, type JudgedEndpoints, type UnhealthyReports, type UnhealthyVotes } from './endpoint-health.ts';
import type { KnownProxies } from './fleet-tallies.ts';
import type { Tally } from './policy-tally.ts';
import { programmedCondition } from './programmed-condition.ts';
import { readyCondition } from './ready-condition.ts';

/** What is known of all proxies. */
export interface FleetView extends KnownProxies {
  readonly unhealthy: UnhealthyReports;
  /** Whether the term has just begun, so that not every proxy could be contacted yet. */
  readonly termJustBegan: boolean;
}

/** What is known of the proxies of one policy. */
export interface PolicyView {
  readonly tally: Tally;
  /** By endpoint id; undefined: no proxy reports an endpoint as unhealthy. */
  readonly unhealthy: ReadonlyMap<string, UnhealthyVotes> | undefined;
  /** See FleetView. */
  readonly termJustBegan: boolean;
}

type Draft = readonly [type: string, draft: ConditionDraft];

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
  const endpoints = judgeEndpoints(verdict.endpointIds, view.unhealthy, view.tally.reporting);
  const drafts = conditionsOf(verdict, view, endpoints, before);
  return {
    observedGeneration: verdict.generation,
    conditions: drafts.map(([type, draft]) => conditionOf(type, draft, verdict.generation, before.get(type), now)),
    ...countsOf(verdict, view.tally, endpoints.healthy),
  };
}

/**
 * Ready first, since people read that first. `Reconciling` and `Stalled` follow kstatus, by which helm, Flux and kpt wait: each is
 * there only while it is True.
 */
function conditionsOf(
  verdict: Verdict,
  { tally, termJustBegan }: PolicyView,
  endpoints: JudgedEndpoints,
  before: ReadonlyMap<string, Condition>,
): readonly Draft[] {
  const { accepted, resolvedRefs } = verdict;
  const programmed = programmedCondition(verdict, tally, before.get('Programmed'), termJustBegan);
  const ready = readyCondition(verdict, { tally, endpoints, programmed, previous: before.get('Ready') });
  const drafts: Draft[] = [
    ['Ready', ready],
    ['Accepted', accepted],
    ['ResolvedRefs', resolvedRefs],
    ['Programmed', programmed],
  ];
  const waiting = [ready, programmed].find(({ reason }) => reason === 'Pending');
  if (accepted.status === 'False') drafts.push(['Stalled', { ...accepted, status: 'True' }]);
  else if (waiting) drafts.push(['Reconciling', { ...waiting, status: 'True' }]);
  return drafts;
}

function conditionOf(
  type: string,
  draft: ConditionDraft,
  generation: number,
  before: Condition | undefined,
  now: number,
): Condition {
  // The schema's default, of a policy that the operator has not seen yet, has a time in 1970.
  const same = before?.status === draft.status && Date.parse(before.lastTransitionTime) > 0;
  const lastTransitionTime = same ? before.lastTransitionTime : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  return { type, ...draft, observedGeneration: generation, lastTransitionTime };
}

function countsOf(verdict: Verdict, { selected, running }: Tally, healthy: number) {
  const { total, ready } = verdict.endpoints;
  const programmed = verdict.accepted.status === 'True' ? running : 0;
  return {
    endpoints: { total, ready, healthy },
    proxies: { total: selected, programmed },
    summary: { endpoints: `${healthy}/${total}`, proxies: `${programmed}/${selected}` },
  };
}
