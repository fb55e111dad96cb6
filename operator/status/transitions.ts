import type { Condition, PolicyStatus } from '../api/policy.gen.ts';
import type { EventDraft } from '../kube/event-recorder.ts';

/** They repeat what other conditions say, for tools that wait. */
const REPEATING = new Set(['Reconciling', 'Stalled']);

/**
 * The Events for a change from one status to the next: one for each condition that changed, a Warning unless all is well now, or better
 * than before. There is none for a condition that is `Pending`, none where another condition says the same (`Ready`, or `Programmed` of a
 * policy that is not accepted), and none for a new policy that is valid; that proxies run it, and that it is ready, are Events.
 */
export function transitions(previous: PolicyStatus | undefined, next: PolicyStatus): readonly EventDraft[] {
  const before = new Map(previous?.conditions?.map((condition) => [condition.type, condition]));
  const conditions = (next.conditions ?? []).filter(({ type }) => !REPEATING.has(type));
  return conditions.flatMap((condition): EventDraft[] => {
    const { type, status, reason, message } = condition;
    const old = before.get(type);
    if (reason === 'Pending' || (old?.status === status && old.reason === reason)) return [];
    if (type === 'Ready' && conditions.some((other) => other.type !== type && other.reason === reason)) return [];
    // Accepted says why.
    if (type === 'Programmed' && reason === 'Invalid') return [];
    const good = isGood(condition);
    if (good && old === undefined && type !== 'Programmed' && type !== 'Ready') return [];
    const better = type === 'Ready' && old?.status === 'False' && status === 'True';
    return [{ type: good || better ? 'Normal' : 'Warning', reason, note: message }];
  });
}

/** A condition that is True for another reason (`CannotMatch`, `SomeUnhealthy`) has something to report. */
function isGood({ type, status, reason }: Condition): boolean {
  return status === 'True' && (reason === type || reason === 'Idle');
}
