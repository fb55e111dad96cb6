/**
 * Owner references: an object is deleted when all of its owners are gone. A foreground deletion waits for what its object owns, one that
 * orphans first removes the references; both are finalizers, as in a real cluster.
 */
import { asArray, asObject, asString, clone } from './json.ts';
import type { JsonObject, KubeObject } from './json.ts';
import type { Cluster, Kind } from './kinds.ts';
import { remove } from './ops/delete.ts';
import { FOREGROUND, ORPHAN } from './ops/propagation.ts';

function ownersOf(object: KubeObject): JsonObject[] {
  return asArray(object.metadata['ownerReferences']).map(asObject);
}

interface Stored {
  readonly kind: Kind;
  readonly object: KubeObject;
}

/** Checks every object once. Runs after deletions; a laptop has few objects. */
export function settleOwners(cluster: Cluster, kinds: readonly Kind[]): void {
  const tables = [...new Map(kinds.map((kind) => [kind.resource, kind])).values()];
  const all = tables.flatMap((kind) => cluster.store.list(kind.resource).map((object): Stored => ({ kind, object })));
  const owned = all.filter(({ object }) => ownersOf(object).length > 0);
  for (const one of all) {
    if (has(one.object, ORPHAN)) orphan(cluster, one, owned);
    else if (has(one.object, FOREGROUND)) finish(cluster, one, owned);
  }
  for (const { kind, object } of owned) {
    const { namespace, name, deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined || cluster.store.get(kind.resource, keyIn(kind, namespace, name)) !== object) continue;
    if (ownersOf(object).some((owner) => isThere(cluster, kinds, owner, namespace))) continue;
    remove(cluster, { kind, namespace, name }, { dryRun: false });
  }
}

function has({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(finalizer);
}

function keyIn(kind: Kind, namespace: string | undefined, name: string): string {
  return kind.namespaced && namespace !== undefined ? `${namespace}/${name}` : name;
}

/** An owner of an unknown kind counts as existing: what cannot be looked up causes no deletion. */
function isThere(cluster: Cluster, kinds: readonly Kind[], owner: JsonObject, namespace: string | undefined): boolean {
  const [version = '', group = ''] = asString(owner['apiVersion']).split('/').reverse();
  const kind = kinds.find((one) => one.kind === owner['kind'] && one.group === group && version !== '');
  if (kind === undefined) return true;
  const found = cluster.store.get(kind.resource, keyIn(kind, namespace, asString(owner['name'])));
  return found !== undefined && found.metadata.uid === owner['uid'] && !has(found, FOREGROUND);
}

/** Removes the references of those that it owns; then it is removed. */
function orphan(cluster: Cluster, { kind, object }: Stored, owned: readonly Stored[]): void {
  for (const one of owned) {
    const left = ownersOf(one.object).filter(({ uid }) => uid !== object.metadata.uid);
    if (left.length === ownersOf(one.object).length) continue;
    const freed = clone(one.object);
    freed.metadata['ownerReferences'] = left;
    cluster.store.commit('MODIFIED', one.kind.resource, freed);
  }
  release(cluster, { kind, object }, ORPHAN);
}

/** Removed when nothing that blocks it is left. */
function finish(cluster: Cluster, { kind, object }: Stored, owned: readonly Stored[]): void {
  const { uid } = object.metadata;
  const holds = (owner: JsonObject): boolean => owner['uid'] === uid && owner['blockOwnerDeletion'] === true;
  if (!owned.some((one) => ownersOf(one.object).some(holds))) release(cluster, { kind, object }, FOREGROUND);
}

function release(cluster: Cluster, { kind, object }: Stored, finalizer: string): void {
  const next = clone(object);
  next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((one) => one !== finalizer);
  const last = next.metadata.finalizers.length === 0 && !next.metadata.deletionGracePeriodSeconds;
  cluster.store.commit(last ? 'DELETED' : 'MODIFIED', kind.resource, next);
}
