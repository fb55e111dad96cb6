/** Before validation a schema prunes unknown fields and sets defaults. */
import { clone, isObject, setOwn } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { childPath, propertySchema } from './types.ts';
import type { Schema } from './types.ts';

/** Fields of every object, whatever its schema. */
const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/** Removes unknown fields in place. @returns their paths, sorted. */
export function prune(object: JsonObject, schema: Schema): string[] {
  const removed: string[] = [];
  pruneValue(object, schema, '', true, removed);
  return removed.sort();
}

function pruneValue(value: Json, schema: Schema, path: string, embedded: boolean, removed: string[]): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) value.forEach((item, i) => pruneItem(item, items, childPath(path, i), removed));
    return;
  }
  if (!isObject(value)) return;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  for (const [name, child] of Object.entries(value)) {
    if (embedded && OBJECT_FIELDS.has(name)) continue;
    const known = propertySchema(schema, name);
    if (known !== undefined) pruneItem(child, known, childPath(path, name), removed);
    else if (!open) {
      delete value[name];
      removed.push(childPath(path, name));
    }
  }
}

function pruneItem(value: Json, schema: Schema, path: string, removed: string[]): void {
  pruneValue(value, schema, path, schema['x-kubernetes-embedded-resource'] === true, removed);
}

/** Sets defaults in place. A null where null is not allowed counts as absent. */
export function applyDefaults(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const item of value) applyDefaults(item, items);
  }
  if (!isObject(value)) return;
  for (const name of Object.keys(value)) {
    const known = propertySchema(schema, name);
    if (value[name] === null && known !== undefined && known.nullable !== true) delete value[name];
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(value, name) && property.default !== undefined) setOwn(value, name, clone(property.default));
  }
  for (const [name, child] of Object.entries(value)) {
    const known = propertySchema(schema, name);
    if (known !== undefined) applyDefaults(child, known);
  }
}
