/** The columns of `kubectl get pods`. */
import { asArray, asObject, asString, at } from '../json.ts';
import type { JsonObject, KubeObject } from '../json.ts';
import type { Column } from '../kinds.ts';
import { ageColumn, column, count, wide } from './columns.ts';

/** Why it does not run, where its status has a reason, as kubectl shows it: `CrashLoopBackOff`, `Init:0/1`. */
function podStatus(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const inits = statusesOf(pod, 'initContainerStatuses');
  const passed = inits.filter((one) => one['started'] === true || at(one, 'state', 'terminated', 'exitCode') === 0);
  const waiting = [...(passed.length < inits.length ? inits : []), ...statusesOf(pod, 'containerStatuses')]
    .map((one) => asString(at(one, 'state', 'waiting', 'reason')))
    .find((reason) => reason !== '' && reason !== 'ContainerCreating');
  if (passed.length < inits.length) return `Init:${waiting ?? `${passed.length}/${inits.length}`}`;
  const phase = asString(at(pod, 'status', 'phase'));
  const ended = /^(Succeeded|Failed)$/.test(phase) ? statusesOf(pod, 'containerStatuses') : [];
  const last = ended.map((one) => asString(at(one, 'state', 'terminated', 'reason'))).find((reason) => reason !== '');
  return waiting ?? last ?? (asString(at(pod, 'status', 'reason')) || phase || 'Unknown');
}

function statusesOf(pod: KubeObject, name: 'containerStatuses' | 'initContainerStatuses'): JsonObject[] {
  return asArray(at(pod, 'status', name)).map(asObject);
}

/** Sidecars (init containers that keep running) count. */
function sidecars(pod: KubeObject): Set<string> {
  const inits = asArray(at(pod, 'spec', 'initContainers')).map(asObject);
  return new Set(inits.filter((one) => one['restartPolicy'] === 'Always').map((one) => asString(one['name'])));
}

function staying(pod: KubeObject): JsonObject[] {
  const names = sidecars(pod);
  const inits = statusesOf(pod, 'initContainerStatuses').filter((one) => names.has(asString(one['name'])));
  return [...inits, ...statusesOf(pod, 'containerStatuses')];
}

function readyContainers(pod: KubeObject): string {
  const ready = staying(pod).filter((status) => status['ready'] === true).length;
  return `${ready}/${sidecars(pod).size + count(at(pod, 'spec', 'containers'))}`;
}

function restarts(pod: KubeObject): string {
  return String(staying(pod).reduce((sum, status) => sum + Number(status['restartCount'] ?? 0), 0));
}

export const podColumns: readonly Column[] = [
  column('Ready', readyContainers, 'The aggregate readiness state of this pod for accepting traffic.'),
  column('Status', podStatus, 'The aggregate status of the containers in this pod.'),
  column(
    'Restarts',
    restarts,
    'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
  ),
  ageColumn,
  column(
    'IP',
    (pod) => asString(at(pod, 'status', 'podIP')) || '<none>',
    'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.',
    wide,
  ),
  column(
    'Node',
    (pod) => asString(at(pod, 'spec', 'nodeName')) || '<none>',
    'NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename',
    wide,
  ),
  column(
    'Nominated Node',
    (pod) => asString(at(pod, 'status', 'nominatedNodeName')) || '<none>',
    'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.',
    wide,
  ),
  column(
    'Readiness Gates',
    () => '<none>',
    'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates',
    wide,
  ),
];
