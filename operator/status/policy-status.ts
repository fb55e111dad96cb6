/** The whole status of a policy: pure. */
import type { Condition, PolicyStatus } from '../api/policy.gen.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ConditionDraft, ProxyTarget, Verdict } from '../translate/types.ts';
import { countHealthy, type UnhealthyReports } from './endpoint-health.ts';
import { isProgrammed, keyOf, programmedCondition, type Selected } from './programmed-condition.ts';

/** What is known of all proxies, computed once for all policies. */
export interface FleetView {
  readonly targets: ReadonlyMap<string, ProxyTarget>;
  readonly reports: ReadonlyMap<string, ProxyReport>;
  readonly unhealthy: UnhealthyReports;
  /** Whether the term has just begun, so that not every proxy could be contacted yet. */
  readonly termJustBegan: boolean;
}

/**
 * @param previous the status on the policy; a condition that did not change keeps its time of transition
 * @param now unix milliseconds
 */
export function statusOf(
  verdict: Verdict,
  fleet: FleetView,
  previous: PolicyStatus | undefined,
  now: number,
): Required<PolicyStatus> {
  const selected = verdict.proxies.flatMap((uid): Selected[] => {
    const target = fleet.targets.get(uid);
    return target ? [{ target, report: fleet.reports.get(uid) }] : [];
  });
  const before = new Map(previous?.conditions?.map((condition) => [condition.type, condition]));
  const drafts: readonly (readonly [string, ConditionDraft])[] = [
    ['Accepted', verdict.accepted],
    ['ResolvedRefs', verdict.resolvedRefs],
    ['Programmed', programmedCondition(verdict, selected, before.get('Programmed'), fleet.termJustBegan)],
  ];
  return {
    conditions: drafts.map(([type, draft]) => conditionOf(type, draft, verdict.generation, before.get(type), now)),
    ...countsOf(verdict, selected, fleet.unhealthy),
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

function countsOf(verdict: Verdict, selected: readonly Selected[], reports: UnhealthyReports) {
  const { total, ready } = verdict.endpoints;
  const reporting = selected.filter(({ report }) => report?.unhealthy !== undefined).length;
  const healthy = countHealthy(verdict.endpointIds, reports.get(keyOf(verdict)), reporting);
  const programmed = verdict.accepted.status === 'True' ? selected.filter((one) => isProgrammed(verdict, one)).length : 0;
  return {
    endpoints: { total, ready, healthy },
    proxies: { total: selected.length, programmed },
    summary: { endpoints: `${healthy}/${total}`, proxies: `${programmed}/${selected.length}` },
  };
}
