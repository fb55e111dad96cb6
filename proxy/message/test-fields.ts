/** For tests: fields from a record and back. */
import { fieldPairs, ListFields } from './fields.ts';
import type { Fields } from './fields.ts';

/** Values by name; those of repeated fields in a list. */
export type FieldRecord = Record<string, string | string[]>;

export function fieldsOf(record: Readonly<FieldRecord>): ListFields {
  return new ListFields(Object.entries(record).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one])));
}

/** Names in lower case. */
export function recordOf(fields: Pick<Fields, 'list'>): FieldRecord {
  const record: FieldRecord = {};
  for (const [name, value] of fieldPairs(fields.list())) {
    const lower = name.toLowerCase();
    const before = Object.hasOwn(record, lower) ? record[lower] : undefined;
    const all = before === undefined ? value : [before, value].flat();
    Object.defineProperty(record, lower, { value: all, enumerable: true, configurable: true, writable: true });
  }
  return record;
}
