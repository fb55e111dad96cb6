/**
 * Header fields of a message, in a form that every protocol can give and take. They are looked up by name, and listed only when
 * someone asks for all of them, so that an engine need not make a string of each.
 */

export interface Fields {
  /** The first value of a field; `name` in lower case. Undefined: the field is absent. */
  get(name: string): string | undefined;
  /** Names and values in turn, as they are to be sent. The caller must not change the list. */
  list(): readonly string[];
}

/** Fields by lower-case name, without prototype; a field that came more than once has a list of values. */
export type FieldRecord = Record<string, string | string[]>;

/** Fields that were read into a record, as those of requests are. */
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

/** Fields that stay a list of names and values in turn, as those of responses do: names keep their case. */
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

/** Names and values in turn, as pairs. */
export function fieldPairs(list: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < list.length; i += 2) pairs.push([list[i] as string, list[i + 1] as string]);
  return pairs;
}
