import type { ParsedPolicy } from './policy.ts';
import type { Pool } from './pools.ts';
import type { Problem } from './reader.ts';
import type { ConditionDraft } from './types.ts';

/** More than this many notes are counted, not shown. */
const MAX_NOTES = 5;

/** Every problem is told, the first one gives the reason. */
export function acceptedCondition(policy: ParsedPolicy, problems: readonly Problem[]): ConditionDraft {
  if (problems.length > 0) return failure(problems);
  const what =
    policy.port === undefined ? 'The policy is valid. It has no listener, so it only monitors.' : 'The policy is valid.';
  return { status: 'True', reason: 'Accepted', message: what };
}

export function resolvedCondition(pools: readonly Pool[]): ConditionDraft {
  const problems = pools.flatMap(({ problem }) => (problem ? [problem] : []));
  const notes = tell([...new Set(pools.flatMap((pool) => pool.notes))]);
  if (problems.length === 0) return { status: 'True', reason: 'ResolvedRefs', message: `All backends were found.${notes}` };
  const draft = failure(problems);
  return { ...draft, message: `${draft.message}${notes}` };
}

function failure(problems: readonly Problem[]): ConditionDraft {
  const text = problems.map(({ message }) => message).join('; ');
  return {
    status: 'False',
    reason: problems[0]?.reason ?? 'Invalid',
    message: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
  };
}

function tell(notes: readonly string[]): string {
  if (notes.length === 0) return '';
  const shown = notes.slice(0, MAX_NOTES).join('; ');
  const rest = notes.length > MAX_NOTES ? `; and ${notes.length - MAX_NOTES} more` : '';
  return ` Note: ${shown}${rest}.`;
}
