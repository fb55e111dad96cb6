/** Refuses what the real server would refuse when a CRD is created: schemas that are not structural, defaults and rules that do not match them. */
import { RE2JS } from 're2js';
import { isObject } from '../json.ts';
import { checkRules, program, reasonOf } from '../schema/cel.ts';
import { prune } from '../schema/shape.ts';
import type { Rule, Schema } from '../schema/types.ts';
import { validate } from '../schema/validate.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import { undeclaredFields } from './references.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const FORBIDDEN = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'deprecated', 'discriminator', 'id', 'xml'];

/** Checks a whole schema; `path` is its place in the CRD. */
export function checkStructure(schema: Schema, path: string): FieldError[] {
  const root =
    schema.type === 'object' ? [] : [fieldError.invalid(`${path}.type`, schema.type ?? '', 'must be object at the root')];
  return [...root, ...checkNode(schema, path)];
}

function checkNode(schema: Schema, path: string): FieldError[] {
  return [
    ...checkType(schema, path),
    ...checkLists(schema, path),
    ...checkPattern(schema, path),
    ...checkDefault(schema, path),
    ...checkValidations(schema, path),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => checkNode(child, `${path}.properties[${name}]`)),
    ...(schema.items === undefined ? [] : checkNode(schema.items, `${path}.items`)),
    ...(typeof schema.additionalProperties === 'object'
      ? checkNode(schema.additionalProperties, `${path}.additionalProperties`)
      : []),
  ];
}

function checkType(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const open = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const type = schema.type ?? '';
  if (type === '' && !open) errors.push(fieldError.required(`${path}.type`, 'must not be empty for specified object fields'));
  if (type !== '' && !TYPES.includes(type)) errors.push(fieldError.notSupported(`${path}.type`, type, TYPES));
  if (type === 'array' && schema.items === undefined) errors.push(fieldError.required(`${path}.items`, 'must be specified'));
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) {
    errors.push(fieldError.forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  }
  if ('uniqueItems' in schema && schema.uniqueItems === true) {
    errors.push(
      fieldError.forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  for (const name of FORBIDDEN) {
    if (name in schema) errors.push(fieldError.forbidden(`${path}.${name}`, `${name} is not supported`));
  }
  return errors;
}

function checkLists(schema: Schema, path: string): FieldError[] {
  const list = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  const field = `${path}.x-kubernetes-list-map-keys`;
  if (list !== undefined && !['atomic', 'set', 'map'].includes(list)) {
    return [fieldError.notSupported(`${path}.x-kubernetes-list-type`, list, ['atomic', 'map', 'set'])];
  }
  if (list !== 'map')
    return keys === undefined ? [] : [fieldError.forbidden(field, 'must not be set if x-kubernetes-list-type is not map')];
  if (keys === undefined || keys.length === 0) {
    return [fieldError.required(field, 'must not be empty if x-kubernetes-list-type is map')];
  }
  return keys.flatMap((key) => {
    const property = schema.items?.properties?.[key];
    if (property === undefined) return [fieldError.invalid(`${field}`, key, 'entries must all be names of item properties')];
    if (property.default !== undefined || schema.items?.required?.includes(key) === true) return [];
    return [
      fieldError.required(
        `${path}.items.properties[${key}].default`,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ),
    ];
  });
}

function checkPattern(schema: Schema, path: string): FieldError[] {
  if (schema.pattern === undefined) return [];
  try {
    RE2JS.compile(schema.pattern);
    return [];
  } catch (error) {
    return [
      fieldError.invalid(`${path}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${reasonOf(error)}`),
    ];
  }
}

/** A default must pass its own schema as it is: nested defaults do not complete it. */
function checkDefault(schema: Schema, path: string): FieldError[] {
  const value = schema.default;
  if (value === undefined) return [];
  const field = `${path}.default`;
  const copy = structuredClone(value);
  if (isObject(copy)) {
    const unknown = prune(copy, schema);
    if (unknown.length > 0) return [fieldError.invalid(field, value, 'must not have unknown fields')];
  }
  const errors = validate(value, schema, field);
  return errors.length > 0 ? errors : checkRules(value, schema, field);
}

function checkValidations(schema: Schema, path: string): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) =>
    checkRule(rule, schema, `${path}.x-kubernetes-validations[${i}]`),
  );
}

const REASONS = ['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'];

function checkRule(rule: Rule, schema: Schema, path: string): FieldError[] {
  if (typeof rule.rule !== 'string' || rule.rule.trim() === '')
    return [fieldError.required(`${path}.rule`, 'rule is not specified')];
  if (rule.reason !== undefined && !REASONS.includes(rule.reason)) {
    return [fieldError.notSupported(`${path}.reason`, rule.reason, REASONS)];
  }
  const message = rule.messageExpression;
  return [
    ...checkExpression(rule.rule, 'bool', schema, `${path}.rule`),
    ...(message === undefined ? [] : checkExpression(message, 'string', schema, `${path}.messageExpression`)),
  ];
}

/** @param type of the expression's result */
function checkExpression(text: string, type: string, schema: Schema, field: string): FieldError[] {
  const failed = (why: string): FieldError[] => [fieldError.invalid(field, text, `compilation failed: ${why}`)];
  try {
    const parsed = program(text);
    const checked = parsed.check();
    if (checked.error !== undefined) return failed(reasonOf(checked.error));
    if (checked.type !== type && checked.type !== 'dyn') return failed(`must evaluate to a ${type}`);
    const [undeclared] = undeclaredFields(parsed.ast, schema);
    return undeclared === undefined ? [] : failed(`undefined field '${undeclared}'`);
  } catch (error) {
    return failed(reasonOf(error));
  }
}
