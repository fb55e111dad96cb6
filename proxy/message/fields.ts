/**
 * Header fields of a message, in a form that every protocol can make and use. They are looked up by name, and listed only when all
 * of them are needed, so that an engine need not make a string of each.
 */

export interface Fields {
  /** The first value of a field; `name` in lower case. Undefined: the field is absent. */
  get(name: string): string | undefined;
  /** Names and values, alternating, as they will be sent. The caller must not change the list. */
  list(): readonly string[];
}

/** Fields by lower-case name, without a prototype; a field that occurs more than once has a list of values. */
export type FieldRecord = Record<string, string | string[]>;

/** Fields in a record, as those of requests. */
export class RecordFields implements Fields {
  readonly record: Readonly<FieldRecord>;

  constructor(record: Readonly<FieldRecord>) {
    this.record = record;
  }

  get(name: string): string | undefined {
    const value = this.record[name];
    return typeof value === 'string' ? value : value?.[0];
  }

  list(): readonly string[] {
    const list: string[] = [];
    for (const name in this.record) {
      const value = this.record[name] as string | string[];
      if (typeof value === 'string') list.push(name, value);
      else for (const one of value) list.push(name, one);
    }
    return list;
  }
}

/** Fields in a list of alternating names and values, as those of responses: names keep their case. */
export class ListFields implements Fields {
  readonly #list: readonly string[];

  constructor(list: readonly string[]) {
    this.#list = list;
  }

  get(name: string): string | undefined {
    const list = this.#list;
    for (let i = 0; i + 1 < list.length; i += 2) {
      const other = list[i] as string;
      if (other.length === name.length && other.toLowerCase() === name) return list[i + 1];
    }
    return undefined;
  }

  list(): readonly string[] {
    return this.#list;
  }
}

/** Pairs of a list of alternating names and values. */
export function fieldPairs(list: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < list.length; i += 2) pairs.push([list[i] as string, list[i + 1] as string]);
  return pairs;
}
