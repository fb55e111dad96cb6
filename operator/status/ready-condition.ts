import type { Condition } from '../api/policy.gen.ts';
import { IDLE_ANNOTATION } from '../api/labels.ts';
import type { ConditionDraft, Verdict } from '../translate/types.ts';
import type { JudgedEndpoints } from './endpoint-health.ts';
import type { Tally } from './policy-tally.ts';

/** A message shows this many different findings and counts the rest. */
const MAX_FINDINGS = 3;

/** What the condition depends on, beside the verdict. */
export interface ReadyInput {
  readonly tally: Tally;
  readonly endpoints: JudgedEndpoints;
  readonly programmed: ConditionDraft;
  /** The condition as it is on the policy. */
  readonly previous: Condition | undefined;
}

/**
 * The condition `Ready`: whether requests that match the policy can be answered. True when the three other conditions are True, and a
 * majority of the proxies that report it can answer: by an endpoint, by panic or by a fallback.
 *
 *   the policy                     | Ready
 *   is not accepted; its Services  | False, with the reason of that condition
 *   are not found; is not run      |
 *   every match is dead            | False, CannotMatch
 *   waits for proxies              | Unknown, Pending; False, NoReadyProxies, when it was known before and no proxy is Ready now
 *   has no endpoint, on purpose    | True, Idle
 *   redirects, or only monitors    | True, Ready; SomeUnhealthy, where what it monitors is unhealthy, or not there
 *   has no endpoint                | False, NoEndpoints or ZeroWeight; True, Fallback, if its fallback answers
 *   has endpoints                  | what most of the reporting proxies say; while none does, as before, else Unknown, Pending
 */
export function readyCondition(verdict: Verdict, input: ReadyInput): ConditionDraft {
  return notRun(verdict, input) ?? withoutEndpoints(verdict, input.endpoints) ?? byProxies(verdict, input);
}

/** What the other conditions decide; undefined: all of them are True. */
function notRun(verdict: Verdict, { tally, programmed, previous }: ReadyInput): ConditionDraft | undefined {
  const { accepted, resolvedRefs, deadMatches } = verdict;
  if (accepted.status === 'False') return accepted;
  if (deadMatches?.all) return { ...accepted, status: 'False', reason: 'CannotMatch' };
  if (resolvedRefs.status === 'False') return resolvedRefs;
  if (programmed.status === 'True') return undefined;
  if (programmed.reason !== 'Pending') return programmed;
  const known = previous !== undefined && previous.status !== 'Unknown';
  if (tally.counted === 0 && known) return notReady('NoReadyProxies', programmed.message);
  return pending(programmed.message);
}

function withoutEndpoints(verdict: Verdict, endpoints: JudgedEndpoints): ConditionDraft | undefined {
  const { needsEndpoints, port, shortage, idle } = verdict;
  // Pods that are there, and not ready, are a fault: what is idle has none.
  const purpose = shortage?.reason === 'ZeroWeight' || verdict.endpoints.total === 0;
  if (shortage && idle && purpose) {
    return ready('Idle', `${shortage.message}. The annotation ${IDLE_ANNOTATION} says that this is on purpose.`);
  }
  if (needsEndpoints) return undefined;
  if (port !== undefined) return ready('Ready', 'It redirects its requests.');
  if (shortage) return ready('SomeUnhealthy', `It only monitors its backends. ${shortage.message}.`);
  if (endpoints.healthy < verdict.endpointIds.length)
    return ready('SomeUnhealthy', `It only monitors its backends. ${sentence(verdict, endpoints)}.`);
  return ready('Ready', 'It only monitors its backends.');
}

function byProxies(verdict: Verdict, input: ReadyInput): ConditionDraft {
  const { shortage, hasFallback } = verdict;
  const { served, older } = input.tally;
  const able = served.endpoints + served.panic + served.fallback;
  const voting = able + served.unavailable;
  if (voting > 0) {
    if (able > voting / 2) return answered(verdict, input, voting);
    return shortage ? notReady(shortage.reason, `${shortage.message}.`) : notAnswered(verdict, input, voting);
  }
  if (shortage && !hasFallback) return notReady(shortage.reason, `${shortage.message}.`);
  if (older > 0 && served.checking === 0) return byEndpoints(verdict, input.endpoints);
  const unknown =
    served.checking > 0 ? 'The active check has no result yet.' : 'No proxy has reported yet whether it can answer.';
  return keep(verdict, input.previous) ?? pending(unknown);
}

/** Only older proxies report: they say which endpoints are unhealthy. */
function byEndpoints(verdict: Verdict, endpoints: JudgedEndpoints): ConditionDraft {
  const { shortage, hasFallback } = verdict;
  const able = shortage === undefined && (endpoints.healthy > 0 || verdict.endpointIds.length === 0);
  if (able) return healthyEndpoints(verdict, endpoints, '');
  if (hasFallback) return ready('Fallback', `${shortage?.message ?? sentence(verdict, endpoints)}.`);
  return allUnhealthy(verdict, endpoints);
}

/** A majority can answer. */
function answered(verdict: Verdict, { tally: { served }, endpoints }: ReadyInput, voting: number): ConditionDraft {
  const { shortage } = verdict;
  const rest = served.unavailable > 0 ? ` ${served.unavailable} of ${voting} proxies cannot answer.` : '';
  if (served.endpoints >= served.panic + served.fallback) return healthyEndpoints(verdict, endpoints, rest);
  const why = shortage?.message ?? sentence(verdict, endpoints);
  if (served.panic >= served.fallback)
    return ready('Panic', `Too few endpoints are healthy, so all of them are used. ${why}.${rest}`);
  return ready('Fallback', `The fallback answers. ${why}.${rest}`);
}

function healthyEndpoints(verdict: Verdict, endpoints: JudgedEndpoints, rest: string): ConditionDraft {
  const all = verdict.endpointIds.length;
  if (all === 0) return ready('Ready', `Only endpoints that drain are left.${rest}`);
  if (endpoints.healthy === all && rest === '') return ready('Ready', `${all} of ${all} endpoints are healthy.`);
  const why = endpoints.healthy < all ? ` ${sentence(verdict, endpoints)}.` : '';
  return ready('SomeUnhealthy', `${endpoints.healthy} of ${all} endpoints are healthy.${why}${rest}`);
}

/** A majority cannot answer, though there are endpoints. */
function notAnswered(verdict: Verdict, { endpoints, previous, tally }: ReadyInput, voting: number): ConditionDraft {
  if (endpoints.healthy === 0 && endpoints.evidence.size > 0) return allUnhealthy(verdict, endpoints);
  // Acknowledgements say that a proxy cannot answer, and its next report why. Endpoints may also be so new that no proxy has them.
  const before = keep(verdict, previous);
  if (!endpoints.doubted && (before?.status !== 'True' || before.reason === 'Idle'))
    return before ?? pending('No proxy has reported yet why it cannot answer.');
  // The healthy ones may all be of a backend, or of Pods, with weight 0.
  const why = endpoints.evidence.size > 0 ? ` ${sentence(verdict, endpoints)}.` : '';
  const cannot = `${tally.served.unavailable} of ${voting} proxies have no endpoint that they can use.`;
  return notReady('AllUnhealthy', `${cannot}${why}`);
}

function allUnhealthy(verdict: Verdict, endpoints: JudgedEndpoints): ConditionDraft {
  return notReady('AllUnhealthy', `${sentence(verdict, endpoints)}.`);
}

/** `GET /healthz on 3 of 3 endpoints: HTTP 404, expected 200-399`. */
function sentence({ endpointIds }: Verdict, { evidence }: JudgedEndpoints): string {
  const all = endpointIds.length;
  const found = [...evidence].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const shown = found.slice(0, MAX_FINDINGS).map(([text, count]) => {
    const [done = '', what = ''] = text.split('\n');
    return done === 'ejected'
      ? `Ejected ${count} of ${all} endpoints: ${what}`
      : `${done} on ${count} of ${all} endpoints: ${what}`;
  });
  const rest = found.slice(MAX_FINDINGS).reduce((sum, [, count]) => sum + count, 0);
  if (shown.length === 0) return 'No endpoint is healthy';
  return `${shown.join('; ')}${rest > 0 ? `; and ${rest} more endpoints` : ''}`;
}

/** The condition as it was for this generation, unless it was not known. */
function keep({ generation }: Verdict, previous: Condition | undefined): ConditionDraft | undefined {
  if (previous === undefined || previous.status === 'Unknown' || previous.observedGeneration !== generation) return undefined;
  const { status, reason, message } = previous;
  return { status, reason, message };
}

const ready = (reason: string, message: string): ConditionDraft => ({ status: 'True', reason, message });
const notReady = (reason: string, message: string): ConditionDraft => ({ status: 'False', reason, message });
const pending = (message: string): ConditionDraft => ({ status: 'Unknown', reason: 'Pending', message });
