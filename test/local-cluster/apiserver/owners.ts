/**
 * Owner references: what all of whose owners are gone goes too. A deletion in the foreground waits for what its object owns, one that
 * orphans first takes the references away; both are finalizers, as in a real cluster.
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

/** Looks at every object once. Runs after deletions; a laptop has few objects. */
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

/** An owner of a kind that nobody knows counts as there: what can not be looked up is not deleted. */
function isThere(cluster: Cluster, kinds: readonly Kind[], owner: JsonObject, namespace: string | undefined): boolean {
  const [version = '', group = ''] = asString(owner['apiVersion']).split('/').reverse();
  const kind = kinds.find((one) => one.kind === owner['kind'] && one.group === group && version !== '');
  if (kind === undefined) return true;
  const found = cluster.store.get(kind.resource, keyIn(kind, namespace, asString(owner['name'])));
  return found !== undefined && found.metadata.uid === owner['uid'] && !has(found, FOREGROUND);
}

/** Those that it owns lose their references; then it goes. */
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

/** It goes when nothing that holds it up is left. */
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
