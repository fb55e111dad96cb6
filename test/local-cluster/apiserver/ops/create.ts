/** POST, and the creation half of PUT and server-side apply. */
import { randomInt, randomUUID } from 'node:crypto';
import { checkMetadata } from '../builtin/names.ts';
import { hasCondition } from '../registry.ts';
import { clone } from '../json.ts';
import type { Json, KubeObject } from '../json.ts';
import { apiVersionOf } from '../kinds.ts';
import type { Cluster, Kind } from '../kinds.ts';
import { afterUpdate, readManagers, writeManagers } from '../managers.ts';
import type { Manager } from '../managers.ts';
import { ApiError, alreadyExists, badRequest, fieldError, forbidden, invalid, methodNotAllowed, notFound } from '../status.ts';
import { keyOf } from '../store.ts';
import { decode, settleUnknown } from './decode.ts';
import { timestamp, writerOf } from './options.ts';
import type { WriteOptions, WriteResult } from './options.ts';

const NAMESPACES = { group: '', plural: 'namespaces' };

export function create(
  cluster: Cluster,
  kind: Kind,
  namespace: string | undefined,
  body: Json,
  options: WriteOptions,
): WriteResult {
  const { object, unknown } = decode(kind, body);
  const warnings = settleUnknown(kind, unknown, options);
  setNamespace(object, kind, namespace);
  setName(object, kind);
  return { object: insert(cluster, kind, object, options), created: true, warnings };
}

/** Puts the namespace of the URL into the object. @throws when the body has another. */
export function setNamespace(object: KubeObject, kind: Kind, namespace: string | undefined): void {
  if (!kind.namespaced || namespace === undefined) {
    delete object.metadata.namespace;
    return;
  }
  if ((object.metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  object.metadata.namespace = namespace;
}

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';

function setName(object: KubeObject, kind: Kind): void {
  const { metadata } = object;
  if (metadata.name) return;
  if (!metadata.generateName) {
    throw invalid(kind, '', [fieldError.required('metadata.name', 'name or generateName is required')]);
  }
  const suffix = Array.from({ length: 5 }, () => SUFFIX[randomInt(SUFFIX.length)]).join('');
  metadata.name = `${metadata.generateName.slice(0, 58)}${suffix}`;
}

/**
 * Stores a new object.
 * @param claim the field owners, where an apply has computed them already
 */
export function insert(
  cluster: Cluster,
  kind: Kind,
  object: KubeObject,
  options: WriteOptions,
  claim?: readonly Manager[],
): KubeObject {
  if (object.metadata.resourceVersion) {
    throw new ApiError(500, 'InternalError', 'resourceVersion should not be set on objects to be created');
  }
  requireHome(cluster, kind, object);
  if (kind.hasStatus) delete object['status'];
  const given = readManagers(object);
  freshMetadata(object, kind, cluster.now());
  kind.defaults(object);
  const writer = writerOf(options, apiVersionOf(kind), 'Update', cluster.now());
  // A default status is no one's: who creates an object writes no status.
  const { status, ...written } = object;
  const owned = kind.hasStatus || status === undefined ? written : { ...written, status };
  writeManagers(object, claim ?? afterUpdate(given, undefined, owned, kind.fields, writer));
  kind.prepare(object, undefined, cluster);
  const errors = [...checkMetadata(object.metadata, kind), ...kind.validate(object, undefined, cluster)];
  if (errors.length > 0) throw invalid(kind, object.metadata.name, errors);
  if (cluster.store.get(kind.resource, keyOf(object)) !== undefined) throw alreadyExists(kind, object.metadata.name);
  const stored = clone(kind.toStored(object));
  if (options.dryRun) return kind.fromStored(stored);
  return kind.fromStored(cluster.store.commit('ADDED', kind.resource, stored));
}

function freshMetadata(object: KubeObject, kind: Kind, now: Date): void {
  const { metadata } = object;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(now);
  for (const name of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'selfLink', 'resourceVersion']) {
    delete metadata[name];
  }
  if (kind.hasGeneration) metadata.generation = 1;
}

/** Nothing is created in a namespace, or of a kind, that is missing or being deleted. */
function requireHome(cluster: Cluster, kind: Kind, object: KubeObject): void {
  if (kind.custom) {
    const crd = cluster.store.get('apiextensions.k8s.io/customresourcedefinitions', `${kind.plural}.${kind.group}`);
    if (crd !== undefined && hasCondition(crd, 'Terminating')) throw methodNotAllowed();
  }
  const { namespace, name } = object.metadata;
  if (namespace === undefined) return;
  const home = cluster.store.get('/namespaces', namespace);
  if (home === undefined) throw notFound(NAMESPACES, namespace);
  if (home.metadata.deletionTimestamp === undefined) return;
  const message = `namespace ${namespace} is being terminated`;
  const cause = { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' };
  throw forbidden(kind, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [cause]);
}
