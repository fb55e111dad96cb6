/** JSON merge patch, RFC 7386. */
import { clone, isObject, setOwn } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

/** @returns a new value; neither argument is changed. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return clone(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, mergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return clone(result);
}
