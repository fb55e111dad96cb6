/** Which fields a built-in kind knows. */
import { isObject } from '../json.ts';
import type { JsonObject } from '../json.ts';

/** Prunes fields that are unknown at the top or in `spec`; deeper ones are kept unseen. */
export function knowing(top: string, spec?: string): (object: JsonObject) => string[] {
  const topNames = new Set(['apiVersion', 'kind', 'metadata', ...top.split(' ')]);
  const specNames = spec === undefined ? undefined : new Set(spec.split(' '));
  return (object) => [
    ...dropUnknown(object, topNames, ''),
    ...(isObject(object['spec']) && specNames !== undefined ? dropUnknown(object['spec'], specNames, 'spec.') : []),
  ];
}

function dropUnknown(object: JsonObject, names: ReadonlySet<string>, prefix: string): string[] {
  const unknown = Object.keys(object).filter((name) => !names.has(name));
  for (const name of unknown) delete object[name];
  return unknown.map((name) => `${prefix}${name}`).sort();
}
