import type { PolicyStatus } from '../api/policy.gen.ts';
import type { EventDraft } from '../kube/event-recorder.ts';

/**
 * The Events for a change from one status to the next: one for each condition that changed. There is none for a condition that is
 * `Pending`, and none for a new policy that is valid; that proxies run it is an Event. A condition that is True for another reason than
 * its own name (`CannotMatch`) is a warning, too.
 */
export function transitions(previous: PolicyStatus | undefined, next: PolicyStatus): readonly EventDraft[] {
  const before = new Map(previous?.conditions?.map((condition) => [condition.type, condition]));
  return (next.conditions ?? []).flatMap(({ type, status, reason, message }): EventDraft[] => {
    const old = before.get(type);
    if (reason === 'Pending' || (old?.status === status && old.reason === reason)) return [];
    const good = status === 'True' && reason === type;
    if (good && old === undefined && type !== 'Programmed') return [];
    return [{ type: good ? 'Normal' : 'Warning', reason, note: message }];
  });
}
