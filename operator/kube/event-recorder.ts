/** Writes Events of events.k8s.io/v1, which `kubectl describe` shows. */
import { eventsPath } from './api-paths.ts';
import { isNamespaceTerminating } from './api-error.ts';
import type { KubeClient } from './client.ts';

export interface EventDraft {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** The object that an Event is about. It is namespaced, and the Event is in its namespace. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'call'>;
  /** Name of this operator in Events. */
  readonly instance: string;
  /** Whether a namespace is being deleted: the API server refuses Events in it. */
  readonly terminating: (namespace: string) => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface EventRecorder {
  /**
   * Writes one Event; none about an object in a namespace that is being deleted, which is no error.
   *
   * @param id makes the name unique, by default in the order of time; a fixed one makes a second Event a conflict (409)
   */
  record(regarding: Regarding, event: EventDraft, signal: AbortSignal, id?: string): Promise<void>;
}

/** Kubernetes' limits, in characters. */
const MAX_NOTE = 1024;
const MAX_INSTANCE = 128;
/** Milliseconds. */
const TIMEOUT = 10_000;

export function createEventRecorder({ client, instance, terminating, now }: EventRecorderOptions): EventRecorder {
  // The time in nanoseconds, as client-go has it: "kubectl describe" shows Events in the order of their names.
  let last = 0n;
  const nextId = (): string => {
    const time = BigInt(Math.floor(now())) * 1_000_000n;
    last = time > last ? time : last + 1n;
    return last.toString(16);
  };
  return {
    async record(regarding, { note, ...event }, signal, id = nextId()) {
      const { name, namespace } = regarding;
      if (terminating(namespace)) return;
      const body = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: `${name.slice(0, 200)}.${id}`, namespace },
        eventTime: new Date(now()).toISOString().replace('Z', '000Z'),
        reportingController: 'outrigger.dev/operator',
        reportingInstance: instance.slice(0, MAX_INSTANCE),
        action: 'Reconcile',
        ...event,
        note: note.slice(0, MAX_NOTE),
        regarding,
      };
      const call = { method: 'POST', path: eventsPath(namespace), body, signal, timeout: TIMEOUT } as const;
      await client.call(call).catch((error: unknown) => {
        // The deletion has just begun.
        if (!isNamespaceTerminating(error)) throw error;
      });
    },
  };
}
