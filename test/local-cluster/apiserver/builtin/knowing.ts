/** The fields of a built-in kind. */
import { at, isObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { dropUnknown, dropUnknownOfPod } from './podfields.ts';

/** Prunes fields that are unknown at the top or in `spec`; deeper ones are kept unchecked. */
export function knowing(top: string, spec?: string): (object: JsonObject) => string[] {
  const topNames = new Set(['apiVersion', 'kind', 'metadata', ...top.split(' ')]);
  const specNames = spec === undefined ? undefined : new Set(spec.split(' '));
  return (object) => [
    ...dropUnknown(object, topNames, ''),
    ...(isObject(object['spec']) && specNames !== undefined ? dropUnknown(object['spec'], specNames, 'spec.') : []),
  ];
}

/** The same for a kind whose spec is a pod's, or has a pod template. */
export function knowingPod(top: string, spec?: string): (object: JsonObject) => string[] {
  const known = knowing(top, spec);
  return (object) => [
    ...known(object),
    ...(spec === undefined
      ? dropUnknownOfPod(object['spec'], 'spec.')
      : dropUnknownOfPod(at(object, 'spec', 'template', 'spec'), 'spec.template.spec.')),
  ];
}
