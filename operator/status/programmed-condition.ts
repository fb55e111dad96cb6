import { boundPort } from '../../proxy/snapshot/ports.ts';
import type { Condition } from '../api/policy.gen.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ConditionDraft, ProxyTarget, Verdict } from '../translate/types.ts';

/** A selected proxy, and what is known of it. */
export interface Selected {
  readonly target: ProxyTarget;
  /** Absent when the fleet does not know the proxy yet. */
  readonly report: ProxyReport | undefined;
}

/** A message shows this many names and counts the rest. */
const MAX_NAMES = 5;
/** Longest explanation, in characters, that is copied from a proxy. */
const MAX_REASON = 500;

/**
 * The condition `Programmed`: every selected proxy that is Ready and not terminating runs exactly this generation.
 *
 * What counts is what a proxy acknowledged, not whether that is its newest content: a change of endpoints alone does not change the
 * condition. While a term has just begun, a proxy without contact keeps the condition as it was for this generation. Later it does
 * not: its container was restarted, perhaps with an older snapshot.
 *
 * @param previous the condition as it is on the policy
 * @param termJustBegan see FleetView
 */
export function programmedCondition(
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
      message: `${counted.length} of ${counted.length} Ready proxies run it.${boundAs(verdict, counted)}${rest}`,
    };
  }
  if (termJustBegan && previous?.observedGeneration === verdict.generation && waiting.every(hasNoContact)) return keep(previous);
  const done = counted.length - waiting.length;
  return notProgrammed('Pending', `${done} of ${counted.length} Ready proxies run it; waiting for ${explained(waiting)}.${rest}`);
}

/** Whether the proxy runs exactly this generation of the policy, all of it. */
export function isProgrammed(verdict: Verdict, { report }: Selected): boolean {
  return (
    report !== undefined && hasGeneration(verdict, report) && !report.rejected.some(({ policy }) => policy === keyOf(verdict))
  );
}

/** Whether the acknowledged snapshot contains this generation of this policy (same UID). */
function hasGeneration(verdict: Verdict, { acked }: ProxyReport): boolean {
  const uid = acked?.uids?.get(keyOf(verdict)) ?? verdict.uid;
  return acked?.generations.get(keyOf(verdict)) === verdict.generation && uid === verdict.uid;
}

export const keyOf = ({ namespace, name }: Verdict): string => `${namespace}/${name}`;

const notProgrammed = (reason: string, message: string): ConditionDraft => ({ status: 'False', reason, message });

function keep({ status, reason, message }: Condition): ConditionDraft {
  return { status: status === 'True' ? 'True' : 'False', reason, message };
}

/** Where gateways bind another port than the policy names: which one. */
function boundAs({ port }: Verdict, counted: readonly Selected[]): string {
  const bound = port && boundPort(port);
  return bound === port || counted.every(({ target }) => target.sidecar) ? '' : ` Gateways bind port ${port} as ${bound}.`;
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
