import { boundPort } from '../../proxy/snapshot/ports.ts';
import type { Condition } from '../api/policy.gen.ts';
import type { ConditionDraft, Verdict } from '../translate/types.ts';
import type { Tally } from './policy-tally.ts';
import type { Standing } from './proxy-standing.ts';
import { STARTING } from './starting-proxies.ts';

/** A message shows this many names and counts the rest. */
const MAX_NAMES = 5;

/**
 * The condition `Programmed`: every selected proxy that is Ready and not terminating runs exactly this generation.
 *
 * While a term has just begun, a proxy without contact keeps the condition as it was for this generation. Later it does not: its
 * container was restarted, perhaps with an older snapshot.
 *
 * @param previous the condition as it is on the policy
 * @param termJustBegan see FleetView
 */
export function programmedCondition(
  verdict: Verdict,
  { selected, counted, behind, refused, contacted, notCounted }: Tally,
  previous: Condition | undefined,
  termJustBegan: boolean,
): ConditionDraft {
  if (verdict.accepted.status === 'False')
    return notProgrammed('Invalid', 'No proxy runs this policy: see the condition Accepted.');
  if (selected === 0)
    return notProgrammed('NoProxies', 'spec.proxies selects no proxy Pod: correct its selector or type, or start proxies.');
  if (counted === 0) return notProgrammed('Pending', `None of the selected proxies is Ready: ${explained(notCounted)}.`);
  const rest = notCountedText(notCounted);
  const [first] = refused;
  if (first !== undefined) return notProgrammed('Rejected', `${first.name}: ${first.refusal}${more(refused)}.${rest}`);
  if (behind.length === 0) {
    return {
      status: 'True',
      reason: 'Programmed',
      message: `${counted} of ${counted} Ready proxies run it.${boundAs(verdict)}${rest}`,
    };
  }
  if (termJustBegan && previous?.observedGeneration === verdict.generation && contacted === 0) return keep(previous);
  const done = counted - behind.length;
  return notProgrammed('Pending', `${done} of ${counted} Ready proxies run it; waiting for ${explained(behind)}.${rest}`);
}

const notProgrammed = (reason: string, message: string): ConditionDraft => ({ status: 'False', reason, message });

function keep({ status, reason, message }: Condition): ConditionDraft {
  return { status, reason, message };
}

/** Where gateways bind another port than the policy names: which one. The ports of sidecars are all bound as they are. */
function boundAs({ port }: Verdict): string {
  const bound = port && boundPort(port);
  return bound === port ? '' : ` Gateways bind port ${port} as ${bound}.`;
}

function notCountedText(rest: readonly Standing[]): string {
  if (rest.length === 0) return '';
  const shown = rest.slice(0, MAX_NAMES).map((one) => `${one.name} (${one.terminating ? 'terminating' : notReady(one)})`);
  return ` Not counted: ${enumerate(shown, rest.length)}.`;
}

function notReady({ why }: Standing): string {
  if (why === STARTING) return why;
  return why === undefined ? 'not Ready' : `not Ready: ${why}`;
}

function explained(proxies: readonly Standing[]): string {
  const shown = proxies.slice(0, MAX_NAMES).map((one) => [one.name, ...why(one).map((text) => `(${text})`)].join(' '));
  return enumerate(shown, proxies.length);
}

/** The known error of a proxy, if any. */
function why({ why }: Standing): readonly string[] {
  return why === undefined ? [] : [why];
}

function enumerate(shown: readonly string[], total: number): string {
  return `${shown.join(', ')}${total > shown.length ? ` and ${total - shown.length} more` : ''}`;
}

function more(refused: readonly Standing[]): string {
  return refused.length > 1 ? ` (and ${refused.length - 1} more proxies)` : '';
}
