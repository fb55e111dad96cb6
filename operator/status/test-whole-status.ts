/** For tests: the status of a policy by asking about every proxy each time. What is counted must be equal to this. */
import type { Condition } from '../api/policy.gen.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ConditionDraft, ProxyTarget, Verdict } from '../translate/types.ts';
import type { KnownProxies } from './fleet-tallies.ts';

interface Selected {
  readonly target: ProxyTarget;
  readonly report: ProxyReport | undefined;
}

interface WholeStatus {
  readonly programmed: ConditionDraft;
  readonly endpoints: { readonly total: number; readonly ready: number; readonly healthy: number };
  readonly proxies: { readonly total: number; readonly programmed: number };
}

const MAX_NAMES = 5;
const MAX_REASON = 500;

export function wholeStatus(
  verdict: Verdict,
  fleet: KnownProxies,
  previous: Condition | undefined,
  termJustBegan: boolean,
): WholeStatus {
  const selected = verdict.proxies.flatMap((uid): Selected[] => {
    const target = fleet.targets.get(uid);
    return target ? [{ target, report: fleet.reports.get(uid) }] : [];
  });
  const reporting = selected.filter(({ report }) => report?.unhealthy !== undefined).length;
  const votes = countUnhealthyReports(fleet.reports).get(keyOf(verdict));
  const healthy = countHealthy(verdict.endpointIds, votes, reporting);
  const programmed = verdict.accepted.status === 'True' ? selected.filter((one) => isProgrammed(verdict, one)).length : 0;
  return {
    programmed: programmedCondition(verdict, selected, previous, termJustBegan),
    endpoints: { ...verdict.endpoints, healthy },
    proxies: { total: selected.length, programmed },
  };
}

function programmedCondition(
  verdict: Verdict,
  selected: readonly Selected[],
  previous: Condition | undefined,
  termJustBegan: boolean,
): ConditionDraft {
  if (verdict.accepted.status === 'False')
    return notProgrammed('Invalid', 'No proxy runs this policy: see the condition Accepted.');
  if (selected.length === 0) return notProgrammed('NoProxies', 'spec.proxies selects no proxy pod.');
  const counted = selected.filter(counts);
  const rest = notCounted(selected);
  if (counted.length === 0) return notProgrammed('Pending', `None of the selected proxies is Ready: ${explained(selected)}.`);
  const refused = counted.filter((one) => rejection(verdict, one) !== undefined);
  const [first] = refused;
  if (first !== undefined) {
    return notProgrammed('Rejected', `${first.target.name}: ${rejection(verdict, first)}${more(refused)}.${rest}`);
  }
  const waiting = counted.filter((one) => !isProgrammed(verdict, one));
  if (waiting.length === 0) {
    return {
      status: 'True',
      reason: 'Programmed',
      message: `${counted.length} of ${counted.length} Ready proxies run it.${rest}`,
    };
  }
  if (termJustBegan && previous?.observedGeneration === verdict.generation && waiting.every(hasNoContact)) return keep(previous);
  const done = counted.length - waiting.length;
  return notProgrammed('Pending', `${done} of ${counted.length} Ready proxies run it; waiting for ${explained(waiting)}.${rest}`);
}

function isProgrammed(verdict: Verdict, { report }: Selected): boolean {
  return (
    report !== undefined && hasGeneration(verdict, report) && !report.rejected.some(({ policy }) => policy === keyOf(verdict))
  );
}

function hasGeneration(verdict: Verdict, { acked }: ProxyReport): boolean {
  const uid = acked?.uids?.get(keyOf(verdict)) ?? verdict.uid;
  return acked?.generations.get(keyOf(verdict)) === verdict.generation && uid === verdict.uid;
}

const keyOf = ({ namespace, name }: Verdict): string => `${namespace}/${name}`;

const notProgrammed = (reason: string, message: string): ConditionDraft => ({ status: 'False', reason, message });

function keep({ status, reason, message }: Condition): ConditionDraft {
  return { status: status === 'True' ? 'True' : 'False', reason, message };
}

function counts({ target }: Selected): boolean {
  return target.ready && !target.terminating;
}

function hasNoContact({ report }: Selected): boolean {
  return report === undefined || (report.acked === undefined && report.error === undefined);
}

/** Why the proxy rejected this generation; a rejection of an older one does not count. */
function rejection(verdict: Verdict, { report }: Selected): string | undefined {
  if (report === undefined || !hasGeneration(verdict, report)) return undefined;
  return report.rejected
    .find(({ policy }) => policy === keyOf(verdict))
    ?.reason.slice(0, MAX_REASON)
    .replace(/\.$/, '');
}

function notCounted(selected: readonly Selected[]): string {
  const rest = selected.filter((one) => !counts(one));
  if (rest.length === 0) return '';
  const shown = rest
    .slice(0, MAX_NAMES)
    .map((one) => `${one.target.name} (${one.target.terminating ? 'terminating' : ['not Ready', ...why(one)].join(': ')})`);
  return ` Not counted: ${enumerate(shown, rest.length)}.`;
}

function explained(proxies: readonly Selected[]): string {
  const shown = proxies.slice(0, MAX_NAMES).map((one) => [one.target.name, ...why(one).map((text) => `(${text})`)].join(' '));
  return enumerate(shown, proxies.length);
}

/** The known error of a proxy, if any. */
function why({ target, report }: Selected): readonly string[] {
  const known = target.trouble ?? report?.error;
  return known === undefined ? [] : [known.slice(0, MAX_REASON)];
}

function enumerate(shown: readonly string[], total: number): string {
  return `${shown.join(', ')}${total > shown.length ? ` and ${total - shown.length} more` : ''}`;
}

function more(refused: readonly Selected[]): string {
  return refused.length > 1 ? ` (and ${refused.length - 1} more proxies)` : '';
}

function countUnhealthyReports(reports: ReadonlyMap<string, ProxyReport>): Map<string, Map<string, number>> {
  const all = new Map<string, Map<string, number>>();
  for (const { unhealthy } of reports.values()) {
    const seen = new Set<string>();
    for (const { pool, endpoint } of unhealthy ?? []) {
      // A pool's id is namespace/policy/refNamespace/service:port.
      const policy = pool.split('/', 2).join('/');
      const vote = `${policy} ${endpoint}`;
      if (seen.has(vote)) continue;
      seen.add(vote);
      const votes = all.get(policy) ?? new Map<string, number>();
      all.set(policy, votes.set(endpoint, (votes.get(endpoint) ?? 0) + 1));
    }
  }
  return all;
}

function countHealthy(endpoints: readonly string[], reports: ReadonlyMap<string, number> | undefined, reporting: number): number {
  if (reporting === 0) return endpoints.length;
  return endpoints.filter((id) => reporting - (reports?.get(id) ?? 0) > reporting / 2).length;
}
