/**
 * Field ownership (`metadata.managedFields`): sets of paths, their FieldsV1 form, and the comparison of two objects.
 * A path is its FieldsV1 elements joined by NUL: `f:spec`, `k:{"name":"c"}`, `v:"x"`.
 */
import type { FieldType, ListKeys } from './fields.ts';
import { asString, deepEqual, isObject, setOwn } from './json.ts';
import type { Json, JsonObject } from './json.ts';

export type FieldSet = Set<string>;

const SEPARATOR = '\u0000';

export function join(path: string, element: string): string {
  return path === '' ? element : `${path}${SEPARATOR}${element}`;
}

export function elements(path: string): string[] {
  return path.split(SEPARATOR);
}

export function encode(set: FieldSet): JsonObject {
  const root: JsonObject = {};
  for (const path of [...set].sort()) {
    let node = root;
    for (const element of elements(path)) {
      const next = node[element];
      const child: JsonObject = isObject(next) ? next : {};
      setOwn(node, element, child);
      node = child;
    }
    node['.'] = {};
  }
  return trimLeaves(root);
}

/** `{".": {}}` alone means the same as `{}`, which is how leaves are written. */
function trimLeaves(node: JsonObject): JsonObject {
  const keys = Object.keys(node);
  if (keys.length === 1 && keys[0] === '.') return {};
  const out: JsonObject = {};
  for (const key of keys.sort()) setOwn(out, key, key === '.' ? {} : trimLeaves(node[key] as JsonObject));
  return out;
}

export function decode(fields: Json | undefined): FieldSet {
  const set: FieldSet = new Set();
  const walk = (node: JsonObject, path: string): void => {
    const children = Object.entries(node).filter(([key]) => key !== '.');
    if (path !== '' && ('.' in node || children.length === 0)) set.add(path);
    for (const [key, child] of children) if (isObject(child)) walk(child, join(path, key));
  };
  if (isObject(fields)) walk(fields, '');
  return set;
}

/** The form of a path in conflict messages: `.spec.ports[port=80,protocol="TCP"].name`. */
export function printable(path: string): string {
  return elements(path).map(printElement).join('');
}

function printElement(element: string): string {
  const body = element.slice(2);
  if (element.startsWith('f:')) return `.${body}`;
  if (element.startsWith('v:')) return `[=${body}]`;
  const keys = Object.entries(JSON.parse(body) as JsonObject).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `[${keys.join(',')}]`;
}

/** The FieldsV1 element of an item of a keyed list. */
export function itemKey(item: Json, list: ListKeys): string {
  const source = isObject(item) ? item : {};
  const key: JsonObject = {};
  for (const name of [...list.keys].sort()) key[name] = source[name] ?? list.defaults?.[name] ?? null;
  return `k:${JSON.stringify(key)}`;
}

/** Written by the server: never owned. */
const UNOWNED = new Set([
  ...['f:apiVersion', 'f:kind', 'f:metadata'],
  ...'name namespace creationTimestamp selfLink uid generation managedFields resourceVersion deletionTimestamp deletionGracePeriodSeconds'
    .split(' ')
    .map((name) => `f:metadata${SEPARATOR}f:${name}`),
]);

function owned(set: FieldSet): FieldSet {
  return new Set([...set].filter((path) => !UNOWNED.has(path)));
}

/** Children of a value by FieldsV1 element; undefined where the value is owned as one. */
export function children(value: Json, type: FieldType): Map<string, [Json, FieldType]> | undefined {
  if (isObject(value)) {
    if (type.map === 'atomic') return undefined;
    return new Map(Object.entries(value).map(([name, child]) => [`f:${name}`, [child, type.field(name)]]));
  }
  const { list } = type;
  if (!Array.isArray(value) || list === 'atomic') return undefined;
  if (list === 'set') return new Map(value.map((item) => [`v:${JSON.stringify(item)}`, [item, type.item()]]));
  return new Map(value.map((item) => [itemKey(item, list), [item, type.item()]]));
}

function everyPath(value: Json, type: FieldType, path: string, into: FieldSet): void {
  const below = children(value, type);
  if (path !== '' && !(type.fixed && below !== undefined)) into.add(path);
  for (const [element, [child, childType]] of below ?? []) everyPath(child, childType, join(path, element), into);
}

export interface Difference {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Which paths of an object appear, change or vanish between two versions. */
export function compare(before: Json, after: Json, type: FieldType): Difference {
  const difference: Difference = { added: new Set(), modified: new Set(), removed: new Set() };
  compareInto(before, after, type, '', difference);
  return { added: owned(difference.added), modified: owned(difference.modified), removed: owned(difference.removed) };
}

/** A null where a list or map could be is an empty one. */
function emptyLike(value: Json, other: Json): Json {
  if (value !== null) return value;
  return Array.isArray(other) ? [] : isObject(other) ? {} : null;
}

function compareInto(left: Json, right: Json, type: FieldType, path: string, out: Difference): void {
  if (deepEqual(left, right)) return;
  const before = emptyLike(left, right);
  const after = emptyLike(right, left);
  const old = children(before, type);
  const now = children(after, type);
  if (old === undefined || now === undefined || isObject(before) !== isObject(after)) {
    out.modified.add(path);
    return;
  }
  for (const [element, [child, childType]] of old) {
    if (!now.has(element)) everyPath(child, childType, join(path, element), out.removed);
  }
  for (const [element, [child, childType]] of now) {
    const was = old.get(element);
    if (was === undefined) everyPath(child, childType, join(path, element), out.added);
    else compareInto(was[0], child, childType, join(path, element), out);
  }
}

/** The paths that an applied configuration claims: its leaves, and each item of a keyed list. */
export function claimed(config: JsonObject, type: FieldType): FieldSet {
  const set: FieldSet = new Set();
  const walk = (value: Json, valueType: FieldType, path: string): void => {
    const below = children(value, valueType);
    if (below === undefined || below.size === 0 || isItem(path)) set.add(path);
    for (const [element, [child, childType]] of below ?? []) walk(child, childType, join(path, element));
  };
  walk(config, type, '');
  set.delete('');
  return owned(set);
}

function isItem(path: string): boolean {
  return asString(elements(path).at(-1)).startsWith('k:');
}

/** Adds every parent path, so that removing the rest of a difference never removes a parent of something kept. */
export function withParents(set: FieldSet): FieldSet {
  const out: FieldSet = new Set(set);
  for (const path of set) {
    const parts = elements(path);
    for (let length = 1; length < parts.length; length++) out.add(parts.slice(0, length).join(SEPARATOR));
  }
  return out;
}
