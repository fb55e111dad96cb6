/** Checks a value against its schema and reports every error, with the messages of kube-apiserver 1.36. */
import { RE2JS } from 're2js';
import { deepEqual, isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { itemKey } from '../managedfields.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import { matchesFormat } from './formats.ts';
import { brokenBounds, isInt64 } from './numbers.ts';
import { childPath, propertySchema } from './types.ts';
import type { Schema } from './types.ts';

export function validate(value: Json, schema: Schema, path = ''): FieldError[] {
  if (value === null && (schema.nullable === true || schema.type === undefined)) return [];
  const wrongType = checkType(value, schema, path);
  if (wrongType !== undefined) return [wrongType];
  return [
    ...(schema.enum !== undefined && !schema.enum.some((one) => deepEqual(one, value))
      ? [fieldError.notSupported(path, value, schema.enum)]
      : []),
    ...(typeof value === 'string' ? checkString(value, schema, path) : []),
    ...(typeof value === 'number' ? brokenBounds(value, schema).map((broken) => inBody(path, value, broken)) : []),
    ...(Array.isArray(value) ? checkArray(value, schema, path) : []),
    ...(isObject(value) ? checkObject(value, schema, path) : []),
    ...checkCombinations(value, schema, path),
  ];
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return isInt64(value) ? 'integer' : 'number';
  return typeof value;
}

function checkType(value: Json, schema: Schema, path: string): FieldError | undefined {
  const actual = typeName(value);
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (actual === 'integer' || actual === 'string') return undefined;
    return typeError(path, 'integer,string', actual);
  }
  if (schema.type === undefined || schema.type === actual || (schema.type === 'number' && actual === 'integer')) {
    if (schema.format === undefined || matchesFormat(value, schema.format)) return undefined;
    const message = `Invalid value: ${JSON.stringify(value)}: ${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`;
    return { reason: 'FieldValueInvalid', field: path, message };
  }
  return typeError(path, schema.type, actual);
}

function typeError(path: string, wanted: string, actual: string): FieldError {
  const message = `Invalid value: "${actual}": ${path} in body must be of type ${wanted}: "${actual}"`;
  return { reason: 'FieldValueTypeInvalid', field: path, message };
}

function inBody(path: string, value: Json, rest: string): FieldError {
  return fieldError.invalid(path, value, `${path} in body ${rest}`);
}

function tooMany(path: string, actual: number, most: number, what: string): FieldError {
  return { reason: 'FieldValueTooMany', field: path, message: `Too many: ${actual}: must have at most ${most} ${what}` };
}

const patterns = new Map<string, RE2JS>();

/** Patterns are RE2, as in the real server; compiled once. */
function compiled(pattern: string): RE2JS {
  const known = patterns.get(pattern) ?? RE2JS.compile(pattern);
  patterns.set(pattern, known);
  return known;
}

/** Only the first of them is reported. */
function checkString(value: string, schema: Schema, path: string): FieldError[] {
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    const message = `Too long: may not be more than ${schema.maxLength} bytes`;
    return [{ reason: 'FieldValueTooLong', field: path, message }];
  }
  if (schema.minLength !== undefined && length < schema.minLength) {
    return [inBody(path, value, `should be at least ${schema.minLength} chars long`)];
  }
  if (schema.pattern !== undefined && !compiled(schema.pattern).matcher(value).find()) {
    return [inBody(path, value, `should match '${schema.pattern}'`)];
  }
  return [];
}

function checkArray(value: readonly Json[], schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { items, maxItems, minItems } = schema;
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems, 'items'));
  if (minItems !== undefined && value.length < minItems) {
    errors.push(inBody(path, value.length, `should have at least ${minItems} items`));
  }
  if (items !== undefined) errors.push(...value.flatMap((item, i) => validate(item, items, childPath(path, i))));
  return [...errors, ...checkUnique(value, schema, path)];
}

function checkUnique(value: readonly Json[], schema: Schema, path: string): FieldError[] {
  const kind = schema['x-kubernetes-list-type'];
  if (kind !== 'map' && kind !== 'set') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  return value.flatMap((item, i) => {
    const key = kind === 'set' ? JSON.stringify(item) : itemKey(item, { keys }).slice(2);
    if (seen.has(key)) return [fieldError.duplicate(childPath(path, i), JSON.parse(key) as Json)];
    seen.add(key);
    return [];
  });
}

function checkObject(value: JsonObject, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const count = Object.keys(value).length;
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    errors.push(tooMany(path, count, schema.maxProperties, 'items'));
  }
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    errors.push(inBody(path, count, `should have at least ${schema.minProperties} properties`));
  }
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) errors.push(fieldError.required(childPath(path, name)));
  }
  for (const [name, child] of Object.entries(value)) {
    const known = propertySchema(schema, name);
    if (known !== undefined) errors.push(...validate(child, known, childPath(path, name)));
  }
  return errors;
}

function checkCombinations(value: Json, schema: Schema, path: string): FieldError[] {
  const passes = (one: Schema): boolean => validate(value, one, path).length === 0;
  const errors = (schema.allOf ?? []).flatMap((one) => validate(value, one, path));
  const must = (text: string): FieldError => {
    return { reason: 'FieldValueInvalid', field: path, message: `Invalid value: "": "${path}" must ${text}` };
  };
  if (schema.anyOf !== undefined && !schema.anyOf.some(passes)) errors.push(must('validate at least one schema (anyOf)'));
  if (schema.oneOf !== undefined && schema.oneOf.filter(passes).length !== 1) {
    errors.push(must('validate one and only one schema (oneOf)'));
  }
  if (schema.not !== undefined && passes(schema.not)) errors.push(must('not validate the schema (not)'));
  return errors;
}
