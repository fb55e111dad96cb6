/**
 * The controllers of the control plane: CustomResourceDefinitions become established; the objects of a namespace or kind that is being
 * deleted are deleted first; objects are deleted after their owners. Runs after the writes that may need it, and at start.
 */
import { CLEANUP, crdKind } from './crd/kind.ts';
import { clone, asArray, asObject } from './json.ts';
import type { JsonObject, KubeObject } from './json.ts';
import type { Cluster, Kind } from './kinds.ts';
import { afterUpdate, readManagers, writeManagers } from './managers.ts';
import type { Writer } from './managers.ts';
import { remove } from './ops/delete.ts';
import { timestamp } from './ops/options.ts';
import { settleOwners } from './owners.ts';
import { hasCondition } from './registry.ts';
import type { Registry } from './registry.ts';

export class Controllers {
  readonly #cluster: Cluster;
  readonly #registry: Registry;
  readonly #unsubscribe: () => void;
  #pending: NodeJS.Immediate | undefined;

  constructor(cluster: Cluster, registry: Registry) {
    this.#cluster = cluster;
    this.#registry = registry;
    this.#unsubscribe = cluster.store.subscribe((event) => {
      const { deletionTimestamp } = event.object.metadata;
      const definition = event.resource === crdKind.resource && event.type !== 'DELETED';
      if (definition || deletionTimestamp !== undefined || event.type === 'DELETED') this.#schedule();
    });
    this.#schedule();
  }

  close(): void {
    this.#unsubscribe();
    clearImmediate(this.#pending);
  }

  #schedule(): void {
    this.#pending ??= setImmediate(() => {
      this.#pending = undefined;
      this.#run();
    });
  }

  #run(): void {
    const { store } = this.#cluster;
    for (const crd of store.list(crdKind.resource)) {
      if (crd.metadata.deletionTimestamp !== undefined) this.#endDefinition(crd);
      else if (!hasCondition(crd, 'Established')) this.#establish(crd);
    }
    for (const namespace of store.list('/namespaces')) {
      if (namespace.metadata.deletionTimestamp !== undefined) this.#endNamespace(namespace);
    }
    settleOwners(this.#cluster, this.#registry.all());
  }

  #establish(crd: KubeObject): void {
    const object = clone(crd);
    const lastTransitionTime = timestamp(this.#cluster.now());
    const condition = (type: string, reason: string, message: string): JsonObject => ({
      ...{ type, status: 'True', lastTransitionTime, reason, message },
    });
    const spec = asObject(object['spec']);
    object['status'] = {
      ...asObject(object['status']),
      acceptedNames: spec['names'] ?? {},
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
    };
    const writer: Writer = {
      ...{ name: 'kube-apiserver', apiVersion: crd.apiVersion, subresource: 'status' },
      ...{ operation: 'Update', time: lastTransitionTime },
    };
    writeManagers(object, afterUpdate(readManagers(crd), crd, object, crdKind.fields, writer));
    this.#cluster.store.commit('MODIFIED', crdKind.resource, object);
  }

  #endDefinition(crd: KubeObject): void {
    const kinds = this.#registry.all().filter((kind) => kind.custom && `${kind.plural}.${kind.group}` === crd.metadata.name);
    const [kind] = kinds;
    if (kind !== undefined && this.#removeAll(kind) > 0) return;
    const object = clone(crd);
    object.metadata.finalizers = asArray(object.metadata.finalizers)
      .map(String)
      .filter((name) => name !== CLEANUP);
    this.#cluster.store.commit(object.metadata.finalizers.length === 0 ? 'DELETED' : 'MODIFIED', crdKind.resource, object);
  }

  /** Pods go first, and the rest when the last of them is gone (Kubernetes 1.34). */
  #endNamespace(namespace: KubeObject): void {
    const { name } = namespace.metadata;
    const kinds = this.#registry.all().filter((kind) => kind.namespaced);
    const pods = kinds.find(({ resource }) => resource === '/pods');
    if (pods !== undefined && this.#removeAll(pods, name) > 0) return;
    const left = kinds.reduce((sum, kind) => sum + this.#removeAll(kind, name), 0);
    if (left > 0 || (namespace.metadata.finalizers ?? []).length > 0) return;
    const object = clone(namespace);
    asObject(object['spec'])['finalizers'] = [];
    this.#cluster.store.commit('DELETED', '/namespaces', object);
  }

  /** Deletes every object. @returns how many remain, waiting for their grace period or finalizers */
  #removeAll(kind: Kind, namespace?: string): number {
    const { store } = this.#cluster;
    for (const { metadata } of store.list(kind.resource, namespace)) {
      if (metadata.deletionTimestamp !== undefined) continue;
      remove(this.#cluster, { kind, namespace: metadata.namespace, name: metadata.name }, { dryRun: false });
    }
    return store.list(kind.resource, namespace).length;
  }
}
