/** Finds kinds: the built-in ones and those of established CustomResourceDefinitions. */
import { builtInKinds } from './builtin/table.ts';
import { crdKind } from './crd/kind.ts';
import { customKinds } from './crd/custom.ts';
import { asArray, asObject, at } from './json.ts';
import type { KubeObject } from './json.ts';
import type { Kind } from './kinds.ts';
import type { Store } from './store.ts';

export function hasCondition(object: KubeObject, type: string): boolean {
  const conditions = asArray(at(object, 'status', 'conditions')).map(asObject);
  return conditions.some((condition) => condition['type'] === type && condition['status'] === 'True');
}

export class Registry {
  readonly #store: Store;
  /** Stored objects never change, so what is computed from one stays valid. */
  readonly #custom = new WeakMap<KubeObject, readonly Kind[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  all(): Kind[] {
    const crds = this.#store.list(crdKind.resource).filter((crd) => hasCondition(crd, 'Established'));
    return [...builtInKinds, ...crds.flatMap((crd) => this.#kindsOf(crd))];
  }

  lookup(group: string, version: string, plural: string): Kind | undefined {
    return this.all().find((kind) => kind.group === group && kind.version === version && kind.plural === plural);
  }

  #kindsOf(crd: KubeObject): readonly Kind[] {
    const known = this.#custom.get(crd) ?? customKinds(crd);
    this.#custom.set(crd, known);
    return known;
  }
}
