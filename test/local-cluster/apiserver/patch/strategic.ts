/** Strategic merge patch for built-in kinds: lists with a merge key are merged by item, `$patch` directives are applied. */
import type { FieldType } from '../fields.ts';
import { clone, isObject, setOwn } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

/** @returns a new value; neither argument is changed. */
export function strategicMerge(target: Json | undefined, patch: JsonObject, type: FieldType): JsonObject {
  const { $patch: directive, $retainKeys: retain, ...fields } = patch;
  if (directive === 'replace') return clone(fields);
  if (directive === 'delete') return {};
  const result: JsonObject = isObject(target) ? clone(target) : {};
  if (Array.isArray(retain)) for (const name of Object.keys(result)) if (!retain.includes(name)) delete result[name];
  for (const [name, value] of Object.entries(fields)) mergeField(result, name, value, type);
  return result;
}

const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

function mergeField(result: JsonObject, name: string, value: Json, type: FieldType): void {
  const current = Object.hasOwn(result, name) ? result[name] : undefined;
  if (name.startsWith(ORDER)) return;
  if (name.startsWith(DELETE_FROM)) {
    const list = result[name.slice(DELETE_FROM.length)];
    const gone = Array.isArray(value) ? value : [];
    if (Array.isArray(list)) result[name.slice(DELETE_FROM.length)] = list.filter((item) => !gone.includes(item));
  } else if (value === null) delete result[name];
  else if (Array.isArray(value)) setOwn(result, name, mergeList(current, value, type.field(name)));
  else if (isObject(value)) setOwn(result, name, strategicMerge(current, value, type.field(name)));
  else setOwn(result, name, value);
}

function mergeList(current: Json | undefined, patch: readonly Json[], type: FieldType): Json[] {
  const live = Array.isArray(current) ? current : [];
  const { list } = type;
  const replaces = patch.some((item) => isObject(item) && item['$patch'] === 'replace');
  if (list === 'atomic' || replaces) return clone(patch.filter((item) => !(isObject(item) && item['$patch'] === 'replace')));
  if (list === 'set') return [...new Set([...live, ...patch])];
  const [key = ''] = list.keys;
  return patch.filter(isObject).reduce<Json[]>((items, item) => mergeItem(items, item, key, type), live);
}

/** The first of the keys of a list is its merge key. */
function mergeItem(items: readonly Json[], item: JsonObject, key: string, type: FieldType): Json[] {
  const isSame = (one: Json): boolean => isObject(one) && one[key] === item[key];
  if (item['$patch'] === 'delete') return items.filter((one) => !isSame(one));
  if (!items.some(isSame)) return [...items, strategicMerge(undefined, item, type.item())];
  return items.map((one) => (isSame(one) ? strategicMerge(one, item, type.item()) : one));
}
