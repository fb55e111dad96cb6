/** `x-kubernetes-validations`: CEL rules of custom resources, with the Kubernetes names and value types. */
import { Environment } from '@marcbachmann/cel-js';
import { isIP } from 'node:net';
import { isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { itemKey } from '../managedfields.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import { isCidr, isMapped } from './formats.ts';
import { childPath, propertySchema } from './types.ts';
import type { Rule, Schema } from './types.ts';

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(' '),
);

/** Property names as in rules: keywords and signs are escaped. */
export function celName(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

const environment = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true })
  .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0 && !text.includes('%') && !isMapped(text))
  .registerFunction('isCIDR(string): bool', (text: string) => isCidr(text) && !isMapped(text))
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'dyn');

type Program = ReturnType<Environment['parse']>;
const programs = new Map<string, Program>();

/** A rule that reads `oldSelf` only runs on updates. */
export function isTransition(rule: string): boolean {
  return /\boldSelf\b/.test(rule);
}

/** Parses an expression once. @throws when it is not CEL. */
export function program(expression: string): Program {
  const known = programs.get(expression) ?? environment.parse(expression);
  programs.set(expression, known);
  return known;
}

/** A value for CEL: whole numbers are ints, declared property names are escaped, date-times are timestamps. */
function toCel(value: Json, schema: Schema | undefined): unknown {
  if (typeof value === 'number') {
    const integer = schema?.type === 'integer' || (schema?.type === undefined && Number.isInteger(value));
    return integer && Number.isInteger(value) ? BigInt(value) : value;
  }
  if (typeof value === 'string') {
    return schema?.format === 'date-time' || schema?.format === 'date' ? new Date(value) : value;
  }
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema?.items));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, child]) => {
    const declared = schema?.properties !== undefined && Object.hasOwn(schema.properties, name);
    return [declared ? celName(name) : name, toCel(child, schema && propertySchema(schema, name))];
  });
  return Object.fromEntries(entries);
}

/** Runs every rule that applies below a value. `old` is the value before an update, where there was one. */
export function checkRules(value: Json, schema: Schema, path = '', old?: Json): FieldError[] {
  const here = (schema['x-kubernetes-validations'] ?? []).flatMap((rule) => checkRule(rule, value, schema, path, old) ?? []);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return here;
    return [...here, ...value.flatMap((item, i) => checkRules(item, items, childPath(path, i), oldItem(item, schema, old)))];
  }
  if (!isObject(value)) return here;
  const below = Object.entries(value).flatMap(([name, child]) => {
    const known = propertySchema(schema, name);
    const before = isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
    return known === undefined ? [] : checkRules(child, known, childPath(path, name), before);
  });
  return [...here, ...below];
}

/** Only items of keyed lists can be identified, so only they have an old value. */
function oldItem(item: Json, schema: Schema, old: Json | undefined): Json | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || keys === undefined || !Array.isArray(old)) return undefined;
  return old.find((one) => itemKey(one, { keys }) === itemKey(item, { keys }));
}

function checkRule(rule: Rule, value: Json, schema: Schema, path: string, old: Json | undefined): FieldError | undefined {
  if (isTransition(rule.rule) && old === undefined) return undefined;
  const context = { self: toCel(value, schema), oldSelf: old === undefined ? null : toCel(old, schema) };
  const field = ruleField(rule, path);
  try {
    if (program(rule.rule)(context) === true) return undefined;
  } catch (error) {
    const detail = `${reasonOf(error)} evaluating rule: ${rule.message ?? rule.rule}`;
    return fieldError.invalid(field, schema.type ?? '', detail);
  }
  return failure(rule, field, message(rule, context), value);
}

/** The first line of a CEL error; the rest quotes the expression. */
export function reasonOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.charAt(0).toLowerCase() + line.slice(1);
}

function ruleField(rule: Rule, path: string): string {
  const field = `${path}${rule.fieldPath ?? ''}`;
  return field === '' ? '<nil>' : field.replace(/^\./, '');
}

function message(rule: Rule, context: object): string {
  if (rule.messageExpression !== undefined) {
    try {
      const text: unknown = program(rule.messageExpression)(context);
      if (typeof text === 'string' && text.trim() !== '') return text;
    } catch {
      // As in the real server: if a message expression fails, the fixed message is used.
    }
  }
  return rule.message ?? `failed rule: ${rule.rule}`;
}

function failure(rule: Rule, field: string, text: string, value: Json): FieldError {
  if (rule.reason === 'FieldValueForbidden') return fieldError.forbidden(field, text);
  if (rule.reason === 'FieldValueRequired') return fieldError.required(field, text);
  if (rule.reason === 'FieldValueDuplicate') return fieldError.duplicate(field, value);
  // A scalar is quoted; an object or list is not.
  if (isObject(value) || Array.isArray(value)) return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${text}` };
  return fieldError.invalid(field, value, text);
}
