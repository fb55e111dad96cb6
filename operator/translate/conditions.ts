import type { DeadMatch } from './dead-matches.ts';
import type { ParsedPolicy } from './policy.ts';
import type { Pool } from './pools.ts';
import type { Problem } from './field-parser.ts';
import type { ConditionDraft } from './types.ts';

/** A message shows this many sentences and counts the rest: its length is bounded. */
const MAX_SHOWN = 16;

/**
 * @param problems why it is not accepted; empty: it is
 * @param dead its matches that no request can match
 * @param cookies what is wrong with its cookies
 */
export function acceptedCondition(
  policy: ParsedPolicy,
  problems: readonly Problem[],
  dead: readonly DeadMatch[],
  cookies: readonly string[],
): ConditionDraft {
  const [first] = problems;
  if (first !== undefined) return { status: 'False', reason: first.reason, message: joinSentences(problems.map(messageOf)) };
  const sentences = ['The policy is valid.'];
  if (policy.port === undefined) sentences.push('It has no listener, so it only monitors.');
  if (dead.length > 0) sentences.push(cannotMatch(policy, dead));
  sentences.push(...cookies.map((sentence) => `${sentence}.`));
  const reason = dead.length > 0 ? 'CannotMatch' : cookies.length > 0 ? 'CookieConflict' : 'Accepted';
  return { status: 'True', reason, message: sentences.join(' ') };
}

function cannotMatch({ matches }: ParsedPolicy, dead: readonly DeadMatch[]): string {
  const which =
    dead.length < matches.length
      ? `But ${dead.length} of its ${matches.length} matches can never match a request`
      : 'But no request reaches it, since none of its matches can ever match';
  const byAdvice = new Map<string, string[]>();
  for (const { field, advice } of dead.flatMap(({ conditions }) => conditions))
    byAdvice.set(advice, [...(byAdvice.get(advice) ?? []), field]);
  const sentences = [...byAdvice].map(
    ([advice, fields]) => `${list(fields)} never hold${fields.length > 1 ? '' : 's'}: ${advice}`,
  );
  return `${which}: ${joinSentences(sentences)}`;
}

function list(items: readonly string[]): string {
  const rest = items.length - MAX_SHOWN;
  return `${items.slice(0, MAX_SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/**
 * The first problem gives the reason, all of them the message. Notes (something was ignored) are appended and are not problems.
 *
 * @param own notes on the policy itself
 */
export function resolvedCondition(pools: readonly Pool[], own: readonly string[]): ConditionDraft {
  if (pools.length === 0) return { status: 'True', reason: 'ResolvedRefs', message: 'The policy names no backends.' };
  const problems = pools.flatMap(({ problem }) => (problem ? [problem] : []));
  const notes = [...new Set([...own, ...pools.flatMap((pool) => pool.notes)])];
  const note = notes.length === 0 ? '' : ` Note: ${joinSentences(notes)}`;
  const [first] = problems;
  if (first === undefined) return { status: 'True', reason: 'ResolvedRefs', message: `All backends were found.${note}` };
  return { status: 'False', reason: first.reason, message: `${joinSentences(problems.map(messageOf))}${note}` };
}

function messageOf({ message }: Problem): string {
  return message;
}

function joinSentences(sentences: readonly string[]): string {
  const rest = sentences.length - MAX_SHOWN;
  return `${sentences.slice(0, MAX_SHOWN).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`;
}
