import type { KubernetesObject } from '../api/kubernetes.ts';
import { keyOf } from './object-check.ts';
import type { Sink } from './reflector.ts';

/** A cache of one collection, keyed `namespace/name`. */
export interface ObjectCache<T> extends Sink<T> {
  /** Whether the collection has been listed once. */
  readonly synced: boolean;
  /** The present state. Immutable; the same map until something changes. */
  view(): ReadonlyMap<string, T>;
}

/** One object changed; undefined: it was, or is now, absent. */
export type Observe<T> = (before: T | undefined, after: T | undefined) => void;

/**
 * @param changed called after every change of content, and after the first listing
 * @param keep objects for which it returns false count as absent
 * @param observe called for each object that changed, before `changed`
 */
export function createObjectCache<T extends KubernetesObject>(
  changed: () => void,
  keep: (object: T) => boolean = () => true,
  observe: Observe<T> = () => undefined,
): ObjectCache<T> {
  const objects = new Map<string, T>();
  let view: ReadonlyMap<string, T> | undefined;
  let synced = false;
  const touch = (): void => {
    view = undefined;
    changed();
  };
  const remove = (key: string): void => {
    const before = objects.get(key);
    if (before === undefined) return;
    objects.delete(key);
    observe(before, undefined);
    touch();
  };
  const put = (key: string, object: T): boolean => {
    const before = objects.get(key);
    if (sameVersion(before, object)) return false;
    objects.set(key, object);
    observe(before, object);
    return true;
  };
  return {
    get synced() {
      return synced;
    },
    view: () => (view ??= new Map(objects)),
    onReplace(items) {
      const kept = new Map(items.filter(keep).map((object) => [keyOf(object), object]));
      const same = kept.size === objects.size && [...kept].every(([key, object]) => sameVersion(objects.get(key), object));
      if (same && synced) return;
      synced = true;
      for (const [key, before] of [...objects]) {
        if (kept.has(key)) continue;
        objects.delete(key);
        observe(before, undefined);
      }
      for (const [key, object] of kept) put(key, object);
      touch();
    },
    onUpsert(object) {
      const key = keyOf(object);
      if (!keep(object)) return remove(key);
      if (put(key, object)) touch();
    },
    onDelete: (object) => remove(keyOf(object)),
  };
}

function sameVersion(a: KubernetesObject | undefined, b: KubernetesObject): boolean {
  return a?.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
