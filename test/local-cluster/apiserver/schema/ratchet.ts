/** Validation ratcheting: what was already invalid and is not changed stays accepted. */
import { at, deepEqual } from '../json.ts';
import type { KubeObject } from '../json.ts';
import type { FieldError } from '../status.ts';

/** Drops errors about values that an update does not change. Below a list the whole list counts. */
export function ratchet(errors: readonly FieldError[], object: KubeObject, old: KubeObject | undefined): FieldError[] {
  if (old === undefined) return [...errors];
  return errors.filter((error) => {
    const path = comparable(error);
    return path.length === 0 || !deepEqual(at(object, ...path), at(old, ...path));
  });
}

/** The error of a missing field belongs to its parent. */
function comparable(error: FieldError): string[] {
  if (error.field === '<nil>') return [];
  const [plain = ''] = error.field.split('[');
  const parts = plain.split('.');
  return error.reason === 'FieldValueRequired' && plain === error.field ? parts.slice(0, -1) : parts;
}
