/** Changes of header fields, made by filters of a route. */
import { ListFields } from './fields.ts';
import type { Fields } from './fields.ts';
import { hyphenated } from '../snapshot/header-names.ts';

/** Names are lower case. */
export interface HeaderEdit {
  /** Fields that are removed; those of requests as `hyphenated` writes them. */
  readonly dropped: ReadonlySet<string>;
  /** Names and values, alternating; added after the removal. */
  readonly added: readonly string[];
}

/** An edited copy of a request's fields. Fields that a backend may read as a dropped or replaced one are dropped, too. */
export function editRequestFields(fields: Fields, edit: HeaderEdit): Fields {
  const edited = kept(fields, edit, (name) => hyphenated(name.toLowerCase()));
  const { added } = edit;
  for (let i = 0; i + 1 < added.length; i += 2) {
    const name = added[i] as string;
    const value = added[i + 1] as string;
    // A client sends one Cookie (RFC 6265 §5.4), and a backend may read only one.
    const cookie = name === 'cookie' ? edited.findLastIndex((one, j) => j % 2 === 0 && one.toLowerCase() === name) : -1;
    if (cookie < 0) edited.push(name, value);
    else edited[cookie + 1] += `; ${value}`;
  }
  return new ListFields(edited);
}

/** An edited copy of a response's fields. */
export function editResponseFields(fields: Fields, edit: HeaderEdit): Fields {
  const edited = kept(fields, edit, (name) => name.toLowerCase());
  edited.push(...edit.added);
  return new ListFields(edited);
}

function kept(fields: Fields, { dropped }: HeaderEdit, canonical: (name: string) => string): string[] {
  const list = fields.list();
  const rest: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    if (!dropped.has(canonical(name))) rest.push(name, list[i + 1] as string);
  }
  return rest;
}
