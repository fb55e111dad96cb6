/**
 * The next step of a Deployment: how many pods to create, which to delete, and its status. Pure. As in Kubernetes, but the
 * pods belong to the Deployment itself: no ReplicaSets in between.
 */
import { createHash } from 'node:crypto';
import type { ApiObject } from './api.ts';
import type { Pod, PodSpec } from './pod-types.ts';

type Amount = number | string;

export interface Deployment extends ApiObject {
  readonly spec: {
    readonly replicas: number;
    readonly minReadySeconds?: number;
    readonly progressDeadlineSeconds?: number;
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template: { readonly metadata?: Partial<ApiObject['metadata']>; readonly spec: PodSpec };
    readonly strategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxSurge?: Amount; readonly maxUnavailable?: Amount };
    };
  };
  readonly status?: DeploymentStatus;
}

interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly conditions?: readonly DeploymentCondition[];
}

interface DeploymentCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly lastUpdateTime: string;
  readonly lastTransitionTime: string;
}

export interface Plan {
  readonly create: number;
  readonly remove: readonly Pod[];
  readonly status: DeploymentStatus;
  /** Nothing to do or to wait for. */
  readonly complete: boolean;
}

export const HASH_LABEL = 'pod-template-hash';

/** Hash of a template: pods with another one are of an older version. */
export function templateHash({ spec }: Deployment): string {
  return createHash('sha256').update(JSON.stringify(spec.template, inOrder)).digest('hex').slice(0, 10);
}

/** The same fields in another order are the same template. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * @param owned every pod that belongs to the Deployment
 * @param now milliseconds since 1970
 * @param refusal why the last pod could not be created, if it could not
 */
export function plan(deployment: Deployment, owned: readonly Pod[], now: number, refusal?: string): Plan {
  const { replicas, minReadySeconds = 0, strategy = {} } = deployment.spec;
  const pods = owned.filter(
    ({ metadata, status }) => !metadata.deletionTimestamp && !/^(Succeeded|Failed)$/.test(status?.phase ?? ''),
  );
  const hash = templateHash(deployment);
  const isNew = ({ metadata }: Pod) => metadata.labels?.[HASH_LABEL] === hash;
  const isAvailable = (pod: Pod) => readySince(pod) + minReadySeconds * 1000 <= now;
  const groups: Groups = {
    fresh: pods.filter(isNew),
    old: pods.filter((pod) => !isNew(pod)),
    available: new Set(pods.filter(isAvailable)),
  };
  const counts = {
    replicas: pods.length,
    updatedReplicas: groups.fresh.length,
    readyReplicas: pods.filter((pod) => readySince(pod) < Infinity).length,
    availableReplicas: groups.available.size,
    unavailableReplicas: Math.max(0, pods.length - groups.available.size),
  };
  const isComplete = [counts.replicas, counts.updatedReplicas, counts.availableReplicas].every((count) => count === replicas);
  const { maxSurge, maxUnavailable } = bounds(deployment);
  const steps =
    strategy.type === 'Recreate'
      ? recreate(replicas, groups, owned.length > groups.fresh.length)
      : roll(replicas, groups, maxSurge, replicas - maxUnavailable);
  const conditions = conditionsOf(deployment, counts, { isComplete, least: replicas - maxUnavailable, now, refusal });
  return {
    ...steps,
    status: { observedGeneration: deployment.metadata.generation ?? 0, ...counts, conditions },
    complete: isComplete,
  };
}

interface Groups {
  readonly fresh: readonly Pod[];
  readonly old: readonly Pod[];
  readonly available: ReadonlySet<Pod>;
}

/** A percentage is rounded up for the surge and down for maxUnavailable; one of both must be above 0, so that the update can proceed. */
function bounds({ spec }: Deployment): { maxSurge: number; maxUnavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const amount = (value: Amount, round: (value: number) => number) =>
    typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * spec.replicas);
  const surge = amount(maxSurge, Math.ceil);
  const missing = Math.min(spec.replicas, amount(maxUnavailable, Math.floor));
  return { maxSurge: surge, maxUnavailable: surge === 0 && missing === 0 ? Math.min(1, spec.replicas) : missing };
}

/** Surge first; old pods are deleted when enough others are available, unavailable ones first. */
function roll(
  replicas: number,
  { fresh, old, available }: Groups,
  maxSurge: number,
  least: number,
): Pick<Plan, 'create' | 'remove'> {
  const total = fresh.length + old.length;
  const create = Math.max(0, Math.min(replicas - fresh.length, replicas + maxSurge - total));
  const surplus = leastUseful(fresh, available).slice(0, Math.max(0, fresh.length - replicas));
  const freshUnavailable = fresh.filter((pod) => !available.has(pod)).length;
  const mayGo = Math.max(0, total - surplus.length - least - freshUnavailable);
  const useless = old.filter((pod) => !available.has(pod)).slice(0, mayGo);
  const useful = old.filter((pod) => available.has(pod));
  const spare = Math.max(0, Math.min(mayGo - useless.length, available.size - least));
  return { create, remove: [...surplus, ...useless, ...leastUseful(useful, available).slice(0, spare)] };
}

/** All old pods end before the first new one is created. */
function recreate(replicas: number, { fresh, old, available }: Groups, othersLeft: boolean): Pick<Plan, 'create' | 'remove'> {
  const surplus = leastUseful(fresh, available).slice(0, Math.max(0, fresh.length - replicas));
  return { create: othersLeft ? 0 : Math.max(0, replicas - fresh.length), remove: [...old, ...surplus] };
}

/** Unavailable ones first, then the youngest. */
function leastUseful(pods: readonly Pod[], available: ReadonlySet<Pod>): Pod[] {
  const created = ({ metadata }: Pod) => metadata.creationTimestamp ?? '';
  return pods.toSorted((a, b) => Number(available.has(a)) - Number(available.has(b)) || created(b).localeCompare(created(a)));
}

/** Infinity while it is not ready. */
function readySince(pod: Pod): number {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? Date.parse(ready.lastTransitionTime ?? '') || 0 : Infinity;
}

interface Progress {
  readonly isComplete: boolean;
  /** How many must be available. */
  readonly least: number;
  readonly now: number;
  readonly refusal: string | undefined;
}

function conditionsOf(
  { metadata, spec, status }: Deployment,
  counts: Required<Omit<DeploymentStatus, 'conditions' | 'observedGeneration'>>,
  { isComplete, least, now, refusal }: Progress,
): DeploymentCondition[] {
  const before = (type: string) => status?.conditions?.find((one) => one.type === type);
  const stamp = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const condition = (type: string, is: boolean, reason: string, message: string, moved = false): DeploymentCondition => {
    const old = before(type);
    const state = is ? 'True' : 'False';
    const same = old?.status === state && old.reason === reason;
    return {
      ...{ type, status: state, reason, message },
      lastUpdateTime: same && !moved ? old.lastUpdateTime : stamp,
      lastTransitionTime: old?.status === state ? old.lastTransitionTime : stamp,
    };
  };
  const available = counts.availableReplicas >= least;
  const moved =
    status?.observedGeneration !== metadata.generation ||
    Object.entries(counts).some(([name, count]) => (status?.[name as keyof typeof counts] ?? 0) !== count);
  const since = Date.parse(before('Progressing')?.lastUpdateTime ?? '') || now;
  const late = !isComplete && !moved && now - since > (spec.progressDeadlineSeconds ?? 600) * 1000;
  const who = `Deployment "${metadata.name}"`;
  return [
    available
      ? condition('Available', true, 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
      : condition('Available', false, 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'),
    isComplete
      ? condition('Progressing', true, 'NewReplicaSetAvailable', `${who} has successfully progressed.`)
      : late
        ? condition('Progressing', false, 'ProgressDeadlineExceeded', `${who} has timed out progressing.`)
        : condition('Progressing', true, 'ReplicaSetUpdated', `${who} is progressing.`, moved),
    ...(refusal === undefined ? [] : [condition('ReplicaFailure', true, 'FailedCreate', refusal)]),
  ];
}
