import type { Container } from './container.ts';
import type { Pod, PodCondition } from './pod-types.ts';

export interface ContainerView {
  readonly name: string;
  readonly image?: string;
  readonly container: Pick<Container, 'state' | 'lastState' | 'id' | 'restarts' | 'running'> | undefined;
  readonly ready: boolean;
  /** Why the container can not be made at all. */
  readonly problem: string | undefined;
}

/** The `status` that a kubelet would report. `now` is an RFC 3339 time, for conditions whose status changes. */
export function podStatus(pod: Pod, podIP: string, containers: readonly ContainerView[], now: string): object {
  const ready = containers.every((view) => view.ready);
  const started = containers.every(({ container }) => container !== undefined && container.restarts >= 0);
  const reason = ready ? {} : { reason: 'ContainersNotReady' };
  const condition = (type: string, on: boolean, extra: object = {}): PodCondition => {
    const status = on ? 'True' : 'False';
    const before = pod.status?.conditions?.find((each) => each.type === type);
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
    return { type, status, lastTransitionTime, ...extra };
  };
  return {
    phase: started ? 'Running' : 'Pending',
    podIP,
    podIPs: [{ ip: podIP }],
    hostIP: podIP,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', ready, reason),
      condition('Ready', ready, reason),
    ],
    containerStatuses: containers.map(containerStatus),
  };
}

function containerStatus({ name, image, container, ready, problem }: ContainerView): object {
  const creating =
    problem === undefined ? { reason: 'ContainerCreating' } : { reason: 'CreateContainerConfigError', message: problem };
  return {
    name,
    image: image ?? '',
    imageID: '',
    ready,
    started: container?.running ?? false,
    restartCount: Math.max(0, container?.restarts ?? 0),
    state: container?.state ?? { waiting: creating },
    ...(container?.lastState ? { lastState: container.lastState } : {}),
    ...(container?.id === undefined ? {} : { containerID: container.id }),
  };
}
