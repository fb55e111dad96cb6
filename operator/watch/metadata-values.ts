import type { KubernetesObject } from '../api/kubernetes.ts';
import type { Sink } from './reflector.ts';

/** One value from the metadata of every object that has it, by the object's name; nothing else of the objects is kept. */
export interface MetadataValues extends Sink<KubernetesObject> {
  /** Whether the collection has been listed once. */
  readonly synced: boolean;
  /** The present state. Immutable; the same map until something changes. */
  view(): ReadonlyMap<string, string>;
}

/**
 * For kinds without a namespace that change often: kubelets update their Nodes every few minutes, so a large cluster sends several
 * events a second. Only a changed value is a change.
 *
 * @param valueOf undefined: the object has none
 * @param changed called after every change of a value, and after the first listing
 */
export function createMetadataValues(
  valueOf: (metadata: KubernetesObject['metadata']) => string | undefined,
  changed: () => void,
): MetadataValues {
  const values = new Map<string, string>();
  let view: ReadonlyMap<string, string> | undefined;
  let synced = false;
  const set = (name: string, value: string | undefined): boolean => {
    if (values.get(name) === value) return false;
    if (value === undefined) values.delete(name);
    else values.set(name, value);
    view = undefined;
    return true;
  };
  return {
    get synced() {
      return synced;
    },
    view: () => (view ??= new Map(values)),
    onReplace(objects) {
      const present = new Set(objects.map(({ metadata }) => metadata.name));
      let differs = !synced;
      synced = true;
      for (const name of [...values.keys()]) if (!present.has(name)) differs = set(name, undefined) || differs;
      for (const { metadata } of objects) differs = set(metadata.name, valueOf(metadata)) || differs;
      if (differs) changed();
    },
    onUpsert({ metadata }) {
      if (set(metadata.name, valueOf(metadata))) changed();
    },
    onDelete({ metadata }) {
      if (set(metadata.name, undefined)) changed();
    },
  };
}
