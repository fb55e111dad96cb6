import type { ParsedPolicy } from './policy.ts';
import type { Pool } from './pools.ts';
import type { Problem } from './field-parser.ts';
import type { ConditionDraft } from './types.ts';

/** A message shows this many sentences and counts the rest: its length is bounded. */
const MAX_SHOWN = 16;

export function acceptedCondition(policy: ParsedPolicy, problems: readonly Problem[]): ConditionDraft {
  const [first] = problems;
  if (first !== undefined) return { status: 'False', reason: first.reason, message: joinSentences(problems.map(messageOf)) };
  const what =
    policy.port === undefined ? 'The policy is valid. It has no listener, so it only monitors.' : 'The policy is valid.';
  return { status: 'True', reason: 'Accepted', message: what };
}

/** The first problem gives the reason, all of them the message. Notes (something was ignored) are appended and are not problems. */
export function resolvedCondition(pools: readonly Pool[]): ConditionDraft {
  if (pools.length === 0) return { status: 'True', reason: 'ResolvedRefs', message: 'The policy names no backends.' };
  const problems = pools.flatMap(({ problem }) => (problem ? [problem] : []));
  const notes = [...new Set(pools.flatMap((pool) => pool.notes))];
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
