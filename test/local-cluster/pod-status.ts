import type { Container } from './container.ts';
import type { Outcome } from './container-group.ts';
import type { Pod, PodCondition } from './pod-types.ts';

/** Why a pod that has finished is not ready. */
const OUTCOME_REASONS = { Succeeded: 'PodCompleted', Failed: 'PodFailed' } as const;

export interface ContainerView {
  readonly name: string;
  readonly image: string;
  readonly container: Pick<Container, 'state' | 'lastState' | 'id' | 'restarts' | 'running'> | undefined;
  readonly started: boolean;
  readonly ready: boolean;
  /** Of init containers: the next one may start. */
  readonly passed: boolean;
  /** Why the container cannot be created. */
  readonly problem: string | undefined;
}

export interface PodView {
  readonly inits: readonly ContainerView[];
  readonly mains: readonly ContainerView[];
  /** Absent: it has not finished. */
  readonly outcome?: Outcome | undefined;
}

/** The `status` that a kubelet would report. `now` is an RFC 3339 time, for conditions whose status changes. */
export function podStatus(pod: Pod, podIP: string, { inits, mains, outcome }: PodView, now: string): object {
  const ready = [...inits, ...mains].every((view) => view.ready);
  const initialized = inits.every((view) => view.passed);
  const started = mains.every(({ container }) => container !== undefined && container.restarts >= 0);
  const reason = ready ? {} : { reason: outcome === undefined ? 'ContainersNotReady' : OUTCOME_REASONS[outcome] };
  const condition = (type: string, on: boolean, extra: object = {}): PodCondition => {
    const status = on ? 'True' : 'False';
    const before = pod.status?.conditions?.find((each) => each.type === type);
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
    return { type, status, lastTransitionTime, ...extra };
  };
  return {
    phase: outcome ?? (started ? 'Running' : 'Pending'),
    podIP,
    podIPs: [{ ip: podIP }],
    hostIP: podIP,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', initialized, initialized ? {} : { reason: 'ContainersNotInitialized' }),
      condition('ContainersReady', ready, reason),
      condition('Ready', ready, reason),
    ],
    ...(inits.length > 0 && { initContainerStatuses: inits.map(containerStatus) }),
    containerStatuses: mains.map(containerStatus),
  };
}

function containerStatus({ name, image, container, started, ready, problem }: ContainerView): object {
  const creating =
    problem === undefined ? { reason: 'ContainerCreating' } : { reason: 'CreateContainerConfigError', message: problem };
  return {
    name,
    image,
    imageID: '',
    ready,
    started,
    restartCount: Math.max(0, container?.restarts ?? 0),
    state: container?.state ?? { waiting: creating },
    ...(container?.lastState ? { lastState: container.lastState } : {}),
    ...(container?.id === undefined ? {} : { containerID: container.id }),
  };
}
