/** JSON patch, RFC 6902: add, remove, replace, move, copy, test. */
import { asString, clone, deepEqual, isObject, setOwn } from '../json.ts';
import type { Json } from '../json.ts';

/** More operations than this are refused, as by the real server. */
export const MAX_OPERATIONS = 10_000;

/** The patch cannot be applied to the document; the message names the operation. */
export class JsonPatchError extends Error {}

/** @returns a new document. @throws JsonPatchError */
export function jsonPatch(document: Json, operations: readonly Json[]): Json {
  return operations.reduce<Json>((current, operation) => applyOne(current, operation), clone(document));
}

function applyOne(document: Json, operation: Json): Json {
  if (!isObject(operation)) throw new JsonPatchError('an operation must be an object');
  const path = pointer(operation['path']);
  switch (operation['op']) {
    case 'add':
      return insert(document, path, required(operation['value']), false);
    case 'replace':
      return insert(document, path, required(operation['value']), true);
    case 'remove':
      return remove(document, path);
    case 'move': {
      const from = pointer(operation['from']);
      const value = read(document, from);
      return insert(remove(document, from), path, value, false);
    }
    case 'copy':
      return insert(document, path, clone(read(document, pointer(operation['from']))), false);
    case 'test':
      if (!deepEqual(read(document, path), required(operation['value']))) {
        throw new JsonPatchError(`testing value ${asString(operation['path'])} failed`);
      }
      return document;
    default:
      throw new JsonPatchError(`Unexpected kind: ${asString(operation['op'])}`);
  }
}

function required(value: Json | undefined): Json {
  if (value === undefined) throw new JsonPatchError('an operation lacks its value');
  return clone(value);
}

function pointer(text: Json | undefined): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) throw new JsonPatchError('invalid path');
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function missing(path: readonly string[]): JsonPatchError {
  return new JsonPatchError(`the path "/${path.join('/')}" does not exist in the document: missing value`);
}

function read(document: Json, path: readonly string[]): Json {
  let current: Json | undefined = document;
  for (const part of path) {
    if (Array.isArray(current)) current = current[index(part, current.length - 1, path)];
    else current = isObject(current) && Object.hasOwn(current, part) ? current[part] : undefined;
    if (current === undefined) throw missing(path);
  }
  return current;
}

function index(part: string, last: number, path: readonly string[]): number {
  const value = /^(0|[1-9][0-9]*)$/.test(part) ? Number(part) : -1;
  if (value < 0 || value > last) throw missing(path);
  return value;
}

function insert(document: Json, path: readonly string[], value: Json, mustExist: boolean): Json {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(document, path.slice(0, -1));
  if (mustExist) read(document, path);
  if (Array.isArray(parent)) {
    const position = last === '-' && !mustExist ? parent.length : index(last, parent.length, path);
    parent.splice(position, mustExist ? 1 : 0, value);
  } else if (isObject(parent)) setOwn(parent, last, value);
  else throw missing(path);
  return document;
}

function remove(document: Json, path: readonly string[]): Json {
  const last = path.at(-1);
  read(document, path);
  if (last === undefined) return null;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) delete parent[last];
  return document;
}
