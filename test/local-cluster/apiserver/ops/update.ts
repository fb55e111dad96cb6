/** PUT, and what patches share with it: restrict to what a writer may change, check, store if anything differs. */
import { checkMetadata } from '../builtin/names.ts';
import { clone, deepEqual } from '../json.ts';
import type { Json, JsonObject, KubeObject, ObjectMeta } from '../json.ts';
import { apiVersionOf } from '../kinds.ts';
import type { Cluster, Kind } from '../kinds.ts';
import { afterUpdate, readManagers, writeManagers } from '../managers.ts';
import type { Manager } from '../managers.ts';
import { badRequest, conflict, fieldError, invalid, notFound } from '../status.ts';
import { create, setNamespace } from './create.ts';
import { decode, settleUnknown } from './decode.ts';
import { writerOf } from './options.ts';
import type { WriteOptions, WriteResult } from './options.ts';

/** Which object a request is about. */
export interface Target {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string;
}

export function keyOfTarget({ namespace, name }: Target): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The object in the version asked for. @throws 404 */
export function find(cluster: Cluster, target: Target): KubeObject {
  const found = cluster.store.get(target.kind.resource, keyOfTarget(target));
  if (found === undefined) throw notFound(target.kind, target.name);
  return target.kind.fromStored(found);
}

export function update(cluster: Cluster, target: Target, body: Json, options: WriteOptions): WriteResult {
  const { kind, namespace, name } = target;
  const exists = cluster.store.get(kind.resource, keyOfTarget(target)) !== undefined;
  if (!exists && kind.createOnUpdate && options.subresource === '') return create(cluster, kind, namespace, body, options);
  const old = find(cluster, target);
  const { object, unknown } = decode(kind, body);
  const warnings = settleUnknown(kind, unknown, options);
  setNamespace(object, kind, namespace);
  if ((object.metadata.name || name) !== name) {
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
  }
  return { object: replace(cluster, target, old, object, options), created: false, warnings };
}

/**
 * Stores a new state of an object, unless nothing differs.
 * @param claim the field owners, where an apply has computed them already
 */
export function replace(
  cluster: Cluster,
  target: Target,
  old: KubeObject,
  wanted: KubeObject,
  options: WriteOptions,
  claim?: readonly Manager[],
): KubeObject {
  const { kind } = target;
  checkPreconditions(target, old, wanted.metadata);
  const object = settle(kind, old, wanted, options.subresource);
  kind.defaults(object);
  const writer = writerOf(options, apiVersionOf(kind), 'Update', cluster.now());
  const managers = wanted.metadata.managedFields === undefined ? readManagers(old) : readManagers(wanted);
  writeManagers(object, claim ?? afterUpdate(managers, old, object, kind.fields, writer));
  kind.prepare(object, old, cluster);
  const errors = [...checkMetadata(object.metadata, kind), ...kind.validate(object, old, cluster)];
  if (errors.length > 0) throw invalid(kind, target.name, errors);
  if (kind.hasGeneration && !deepEqual(content(object, kind), content(old, kind))) {
    object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  if (deepEqual(timeless(object), timeless(old))) return old;
  return finish(cluster, kind, object, options);
}

/** Stores; an object that waits only for its last finalizer is removed with it. */
function finish(cluster: Cluster, kind: Kind, object: KubeObject, options: WriteOptions): KubeObject {
  const stored = clone(kind.toStored(object));
  if (options.dryRun) return kind.fromStored(stored);
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  const last = deletionTimestamp !== undefined && (finalizers ?? []).length === 0 && !deletionGracePeriodSeconds;
  const kept = kind.resource === '/namespaces';
  return kind.fromStored(cluster.store.commit(last && !kept ? 'DELETED' : 'MODIFIED', kind.resource, stored));
}

function checkPreconditions({ kind, name }: Target, old: KubeObject, meta: ObjectMeta): void {
  if (meta.uid && meta.uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${meta.uid}, UID in object meta: ${old.metadata.uid}`;
    throw conflict(kind, name, why);
  }
  if (meta.resourceVersion) {
    if (meta.resourceVersion !== old.metadata.resourceVersion) throw conflict(kind, name);
  } else if (!kind.unconditionalUpdate) {
    const error = { ...fieldError.invalid('metadata.resourceVersion', 0, 'must be specified for an update') };
    throw invalid({ group: kind.group, kind: kind.plural }, name, [
      { ...error, message: error.message.replace(': 0:', ': 0x0:') },
    ]);
  }
}

/** Takes from the old state what a writer of the object, or of its status, may not change. */
function settle(kind: Kind, old: KubeObject, wanted: KubeObject, subresource: '' | 'status'): KubeObject {
  if (subresource === 'status') {
    const { status } = wanted;
    const object = clone({ ...old, ...(status === undefined ? {} : { status }) });
    if (status === undefined) delete object['status'];
    return object;
  }
  const object = clone(wanted);
  if (kind.hasStatus) {
    delete object['status'];
    if (old['status'] !== undefined) object['status'] = clone(old['status']);
  }
  const fixed: JsonObject = {};
  for (const name of SERVER_OWNED) if (old.metadata[name] !== undefined) fixed[name] = old.metadata[name];
  for (const name of SERVER_OWNED) delete object.metadata[name];
  Object.assign(object.metadata, fixed);
  return object;
}

const SERVER_OWNED = [
  ...['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds'],
];

/** The part whose changes increase `generation`. */
function content(object: KubeObject, kind: Kind): JsonObject {
  const { metadata: _metadata, status, ...rest } = object;
  return kind.hasStatus || status === undefined ? rest : { ...rest, status };
}

/** An object without what every write would change. */
function timeless(object: KubeObject): JsonObject {
  const { managedFields, resourceVersion: _version, ...metadata } = object.metadata;
  const owners = (managedFields ?? []).map(({ time: _time, ...entry }) => entry);
  return { ...object, metadata: { ...metadata, managedFields: owners } };
}
