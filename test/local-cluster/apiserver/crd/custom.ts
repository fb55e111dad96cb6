/** The kinds that a CustomResourceDefinition defines. */
import { age } from '../duration.ts';
import { ageColumn } from '../builtin/columns.ts';
import { asArray, asObject, asString, isObject } from '../json.ts';
import type { JsonObject, KubeObject } from '../json.ts';
import { evaluatePath } from '../jsonpath.ts';
import { apiVersionOf, describeKind } from '../kinds.ts';
import type { Column, Kind } from '../kinds.ts';
import { checkRules } from '../schema/cel.ts';
import { ratchet } from '../schema/ratchet.ts';
import { applyDefaults, prune } from '../schema/shape.ts';
import { schemaFields } from '../schema/types.ts';
import type { Schema } from '../schema/types.ts';
import { validate } from '../schema/validate.ts';
import type { FieldError } from '../status.ts';

/** One kind for each served version. */
export function customKinds(crd: KubeObject): Kind[] {
  const spec = asObject(crd['spec']);
  const served = asArray(spec['versions'])
    .map(asObject)
    .filter((version) => version['served'] === true);
  return served.map((version) => customKind(spec, version));
}

/** The schema of a version, as the CRD gives it. */
export function schemaOf(version: JsonObject): Schema {
  const schema = asObject(version['schema'])['openAPIV3Schema'];
  return isObject(schema) ? schema : { type: 'object' };
}

function customKind(spec: JsonObject, version: JsonObject): Kind {
  const names = asObject(spec['names']);
  const identity = { group: asString(spec['group']), version: asString(version['name']) };
  const schema = schemaOf(version);
  const hasStatus = isObject(asObject(version['subresources'])['status']);
  const columns = asArray(version['additionalPrinterColumns']).map(asObject);
  return describeKind({
    ...identity,
    kind: asString(names['kind']),
    plural: asString(names['plural']),
    singular: asString(names['singular']),
    listKind: asString(names['listKind']),
    shortNames: asArray(names['shortNames']).map(asString),
    categories: asArray(names['categories']).map(asString),
    namespaced: spec['scope'] === 'Namespaced',
    custom: true,
    hasStatus,
    hasGeneration: true,
    unconditionalUpdate: false,
    fields: schemaFields(schema, true),
    columns: columns.length === 0 ? [ageColumn] : columns.map(printerColumn),
    prune: (object) => prune(object, schema),
    defaults: (object) => applyDefaults(object, schema),
    validate: (object, old) => check(object, old, schema),
    fromStored: (object) => ({ ...object, apiVersion: apiVersionOf(identity) }),
  });
}

const UNCHECKED: FieldError = {
  reason: 'FieldValueInvalid',
  field: '<nil>',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};
/** Errors after which CEL rules cannot be evaluated. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

function check(object: KubeObject, old: KubeObject | undefined, schema: Schema): FieldError[] {
  const errors = ratchet(validate(object, schema), object, old);
  if (!hasRules(schema)) return errors;
  if (errors.some((error) => BLOCKING.has(error.reason))) return [...errors, UNCHECKED];
  return [...errors, ...ratchet(checkRules(object, schema, '', old), object, old)];
}

function hasRules(schema: Schema): boolean {
  const { items, additionalProperties } = schema;
  return (
    (schema['x-kubernetes-validations'] ?? []).length > 0 ||
    Object.values(schema.properties ?? {}).some(hasRules) ||
    (items !== undefined && hasRules(items)) ||
    (typeof additionalProperties === 'object' && hasRules(additionalProperties))
  );
}

function printerColumn(column: JsonObject): Column {
  const path = asString(column['jsonPath']);
  const type = asString(column['type']);
  const described = asString(column['description']);
  return {
    name: asString(column['name']),
    type,
    format: asString(column['format']),
    description: described === '' ? `Custom resource definition column (in JSONPath format): ${path}` : described,
    priority: Number(column['priority'] ?? 0),
    value: (object, now) => cell(object, path, type, now),
  };
}

/** A path without a match, or with a value of another type than declared, is an empty cell. */
function cell(object: KubeObject, path: string, type: string, now: Date): string | number | boolean | null {
  const [value] = evaluatePath(object, path);
  if (value === undefined || value === null) return null;
  if (type === 'date') return typeof value === 'string' ? age(value, now) : null;
  if (type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null;
  if (type === 'number') return typeof value === 'number' ? value : null;
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
