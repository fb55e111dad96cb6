/** Changes of header fields, made by filters of a route. */
import { ListFields, RecordFields } from './fields.ts';
import type { FieldRecord, Fields } from './fields.ts';
import { hyphenated } from '../snapshot/header-names.ts';

/** Names are lower case. */
export interface HeaderEdit {
  /** Fields that are removed; those of requests as `hyphenated` writes them. */
  readonly dropped: ReadonlySet<string>;
  /** Names and values, alternating; added after the removal. */
  readonly added: readonly string[];
}

/** An edited copy of a request's fields. Fields that a backend may read as a dropped or replaced one are dropped, too. */
export function editRecord({ record }: RecordFields, { dropped, added }: HeaderEdit): RecordFields {
  const edited = Object.create(null) as FieldRecord;
  for (const name in record) {
    if (!dropped.has(hyphenated(name))) edited[name] = record[name] as string | string[];
  }
  for (let i = 0; i + 1 < added.length; i += 2) {
    const name = added[i] as string;
    const value = added[i + 1] as string;
    const before = edited[name];
    if (before === undefined) edited[name] = value;
    // Cookies are pieces of one field (RFC 9113 §8.2.3).
    else if (name === 'cookie') edited[name] = `${[before].flat().join('; ')}; ${value}`;
    else edited[name] = [before, value].flat();
  }
  return new RecordFields(edited);
}

/** An edited copy of a response's fields. */
export function editList(fields: Fields, { dropped, added }: HeaderEdit): Fields {
  const list = fields.list();
  const edited: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    if (!dropped.has(name.toLowerCase())) edited.push(name, list[i + 1] as string);
  }
  edited.push(...added);
  return new ListFields(edited);
}
