/** DELETE: grace periods of Pods, finalizers, and the deletion of namespaces and CustomResourceDefinitions, which takes time. */
import { CLEANUP, crdKind } from '../crd/kind.ts';
import { asArray, asObject, asString, at, clone, deepEqual, isObject } from '../json.ts';
import type { JsonObject, KubeObject } from '../json.ts';
import type { Cluster, Kind } from '../kinds.ts';
import { conflict, success } from '../status.ts';
import { timestamp } from './options.ts';
import { finalizersFor } from './propagation.ts';
import { find } from './update.ts';
import type { Target } from './update.ts';

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** Finalizers that the deletion adds. */
  readonly finalizers?: readonly string[];
  readonly dryRun: boolean;
}

/** From a `DeleteOptions` body and the query; the body wins. */
export function deleteOptions(body: JsonObject, query: URLSearchParams): DeleteOptions {
  const asked = body['gracePeriodSeconds'] ?? query.get('gracePeriodSeconds');
  const grace = asked === null ? Number.NaN : Number(asked);
  const { uid, resourceVersion } = asObject(body['preconditions']);
  return {
    ...(Number.isInteger(grace) && grace >= 0 ? { gracePeriodSeconds: grace } : {}),
    preconditions: {
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    },
    finalizers: finalizersFor(body['propagationPolicy'] ?? query.get('propagationPolicy')),
    dryRun: asArray(body['dryRun']).includes('All') || query.get('dryRun') === 'All',
  };
}

/** @returns the body of the answer: a `Status`, or the object where the kind returns it or it still exists. */
export function remove(cluster: Cluster, target: Target, options: DeleteOptions): JsonObject {
  const { kind, name } = target;
  const old = find(cluster, target);
  checkPreconditions(target, old, options);
  const { uid } = old.metadata;
  const { object, gone } = doomed(cluster, kind, old, options);
  if (options.dryRun) return gone && !kind.returnsDeleted ? success(kind, name, uid) : object;
  const unchanged = !gone && deepEqual(old.metadata, object.metadata);
  if (unchanged) return old;
  const stored = cluster.store.commit(gone ? 'DELETED' : 'MODIFIED', kind.resource, clone(kind.toStored(object)));
  return gone && !kind.returnsDeleted ? success(kind, name, uid) : kind.fromStored(stored);
}

function checkPreconditions({ kind, name }: Target, old: KubeObject, { preconditions = {} }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && uid !== old.metadata.uid) {
    throw conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`);
  }
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
    const now = old.metadata.resourceVersion;
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${now}`;
    throw conflict(kind, name, why);
  }
}

/** The object after its deletion was requested, and whether it is removed at once. */
function doomed(cluster: Cluster, kind: Kind, old: KubeObject, options: DeleteOptions): { object: KubeObject; gone: boolean } {
  const object = clone(old);
  if (kind.resource === '/namespaces') return { object: terminate(cluster, object, { phase: 'Terminating' }), gone: false };
  if (kind.resource === crdKind.resource) return { object: terminateCrd(cluster, object), gone: false };
  const grace = kind.resource === '/pods' ? podGrace(old, options.gracePeriodSeconds) : 0;
  const left = old.metadata.deletionGracePeriodSeconds;
  const finalizers = [...new Set([...(old.metadata.finalizers ?? []), ...(options.finalizers ?? [])])];
  if (finalizers.length > 0) object.metadata.finalizers = finalizers;
  const marks = old.metadata.deletionTimestamp === undefined || (left !== undefined && grace < left);
  if (marks && (kind.resource === '/pods' || finalizers.length > 0)) mark(object, grace, cluster.now());
  return { object, gone: grace === 0 && finalizers.length === 0 };
}

/** Pods without a node, or that have ended, need no time to stop. */
function podGrace(pod: KubeObject, asked: number | undefined): number {
  const phase = asString(at(pod, 'status', 'phase'));
  if (asString(at(pod, 'spec', 'nodeName')) === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const usual = at(pod, 'spec', 'terminationGracePeriodSeconds');
  return asked ?? (typeof usual === 'number' ? usual : 30);
}

function mark(object: KubeObject, grace: number, now: Date): void {
  const { metadata } = object;
  if (metadata.deletionTimestamp === undefined && metadata.generation !== undefined) metadata.generation += 1;
  metadata.deletionTimestamp = timestamp(new Date(now.getTime() + grace * 1000));
  metadata.deletionGracePeriodSeconds = grace;
}

function terminate(cluster: Cluster, object: KubeObject, status: JsonObject): KubeObject {
  object.metadata.deletionTimestamp ??= timestamp(cluster.now());
  object['status'] = { ...asObject(object['status']), ...status };
  return object;
}

function terminateCrd(cluster: Cluster, crd: KubeObject): KubeObject {
  const now = timestamp(cluster.now());
  const others = asArray(at(crd, 'status', 'conditions')).filter((one) => !(isObject(one) && one['type'] === 'Terminating'));
  const condition = {
    ...{ type: 'Terminating', status: 'True', lastTransitionTime: now, reason: 'InstanceDeletionPending' },
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  if (crd.metadata.deletionTimestamp === undefined) {
    crd.metadata.finalizers = [...new Set([...(crd.metadata.finalizers ?? []), CLEANUP])];
  }
  return terminate(cluster, crd, { conditions: [...others, condition] });
}
