/** Server-side apply: merges a configuration into an object and removes what its manager no longer names. */
import type { FieldType } from '../fields.ts';
import { clone, isObject, setOwn } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { children, elements, itemKey, withParents } from '../managedfields.ts';
import type { FieldSet } from '../managedfields.ts';

/** Merges a configuration into an object: maps by field, keyed lists by item, everything else as a whole. */
export function mergeConfig(live: Json | undefined, config: Json, type: FieldType): Json {
  if (isObject(config) && isObject(live) && type.map !== 'atomic') {
    const result: JsonObject = { ...live };
    for (const [name, value] of Object.entries(config)) {
      setOwn(result, name, mergeConfig(Object.hasOwn(live, name) ? live[name] : undefined, value, type.field(name)));
    }
    return clone(result);
  }
  if (Array.isArray(config) && Array.isArray(live) && type.list !== 'atomic') return mergeList(live, config, type);
  return clone(config);
}

function mergeList(live: readonly Json[], config: readonly Json[], type: FieldType): Json {
  const { list } = type;
  const key = (item: Json): string => (typeof list === 'object' ? itemKey(item, list) : JSON.stringify(item));
  const merged = new Map(live.map((item) => [key(item), item]));
  for (const item of config) merged.set(key(item), mergeConfig(merged.get(key(item)), item, type.item()));
  return clone([...merged.values()]);
}

/**
 * Removes what the manager claimed before, claims no longer, and no other manager owns.
 * @returns a new object
 */
export function dropAbandoned(
  object: JsonObject,
  type: FieldType,
  sets: { readonly before: FieldSet; readonly now: FieldSet; readonly others: readonly FieldSet[] },
): JsonObject {
  const kept = withParents(new Set([...sets.now, ...sets.others.flatMap((set) => [...set])]));
  const gone = [...withParents(sets.before)].filter((path) => !kept.has(path));
  let result: Json = clone(object);
  for (const path of gone) result = without(result, elements(path), type);
  return isObject(result) ? result : object;
}

function without(value: Json, path: readonly string[], type: FieldType): Json {
  const [element, ...rest] = path;
  const child = element === undefined ? undefined : children(value, type)?.get(element);
  if (element === undefined || child === undefined) return value;
  const next = rest.length === 0 ? undefined : without(child[0], rest, child[1]);
  if (isObject(value)) {
    const name = element.slice(2);
    if (next === undefined) delete value[name];
    else setOwn(value, name, next);
    return value;
  }
  if (!Array.isArray(value)) return value;
  return value.flatMap((item) => (item !== child[0] ? [item] : next === undefined ? [] : [next]));
}
