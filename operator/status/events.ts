import type { PolicyStatus } from '../api/policy.gen.ts';

/** A turn of a condition that people should find in `kubectl describe`. */
export interface Transition {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** Kubernetes' limits, in characters. */
const MAX_NOTE = 1024;
const MAX_INSTANCE = 128;

/**
 * What turned from one status to the next. What is merely under way is no event, nor is that a new policy is as it should be,
 * except that proxies run it.
 */
export function transitions(previous: PolicyStatus | undefined, next: PolicyStatus): readonly Transition[] {
  const before = new Map(previous?.conditions?.map((condition) => [condition.type, condition]));
  return (next.conditions ?? []).flatMap(({ type, status, reason, message }): Transition[] => {
    const old = before.get(type);
    if (reason === 'Pending' || (old?.status === status && old.reason === reason)) return [];
    if (status === 'True' && old === undefined && type !== 'Programmed') return [];
    return [{ type: status === 'True' ? 'Normal' : 'Warning', reason, note: message }];
  });
}

/** The object that an Event is about; namespaced, and the Event is in its namespace. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * An Event of events.k8s.io/v1.
 *
 * @param id makes the name unique
 * @param now unix milliseconds
 */
export function eventBody(
  regarding: Regarding,
  { note, ...transition }: Transition,
  { instance, id, now }: { readonly instance: string; readonly id: string; readonly now: number },
): object {
  const { name, namespace } = regarding;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 200)}.${id}`, namespace },
    eventTime: new Date(now).toISOString().replace('Z', '000Z'),
    reportingController: 'outrigger.dev/operator',
    reportingInstance: instance.slice(0, MAX_INSTANCE),
    action: 'Reconcile',
    ...transition,
    note: note.slice(0, MAX_NOTE),
    regarding,
  };
}
