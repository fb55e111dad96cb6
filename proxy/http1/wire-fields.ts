/** Header fields as the bytes of a message: strings are made only of what is asked for. Names keep their case, duplicates their lines. */
import { spells } from './octets.ts';
import type { Fields } from '../message/fields.ts';

export class WireFields implements Fields {
  readonly #bytes: Buffer;
  /** Four numbers per field: where its name begins and ends, where its value begins and ends. */
  readonly #at: readonly number[];
  #list: readonly string[] | undefined;

  /** @param bytes in which the fields were validated. */
  constructor(bytes: Buffer, at: readonly number[]) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** How many fields there are. */
  get count(): number {
    return this.#at.length / 4;
  }

  get(name: string): string | undefined {
    const at = this.#at;
    for (let i = 0; i < at.length; i += 4) {
      const from = at[i] as number;
      if ((at[i + 1] as number) - from === name.length && spells(this.#bytes, from, name)) return this.#slice(i + 2);
    }
    return undefined;
  }

  list(): readonly string[] {
    return (this.#list ??= this.#all());
  }

  /** The one of these names, in lower case, that the field has; undefined: none of them. */
  nameAmong<Name extends string>(field: number, names: readonly Name[]): Name | undefined {
    const from = this.#at[field * 4] as number;
    for (const name of names) if (spells(this.#bytes, from, name)) return name;
    return undefined;
  }

  /** Length of the field's name. */
  nameLength(field: number): number {
    return (this.#at[field * 4 + 1] as number) - (this.#at[field * 4] as number);
  }

  name(field: number): string {
    return this.#slice(field * 4);
  }

  value(field: number): string {
    return this.#slice(field * 4 + 2);
  }

  /** The fields for which `kept` holds. */
  filter(kept: (field: number) => boolean): WireFields {
    const at: number[] = [];
    for (let i = 0; i < this.#at.length; i += 4) {
      if (!kept(i / 4)) continue;
      for (let j = i; j < i + 4; j++) at.push(this.#at[j] as number);
    }
    return new WireFields(this.#bytes, at);
  }

  #slice(i: number): string {
    return this.#bytes.toString('latin1', this.#at[i], this.#at[i + 1]);
  }

  #all(): string[] {
    const at = this.#at;
    if (at.length === 0) return [];
    const base = at[0] as number;
    // One string, of which names and values are parts: cheaper than one call for each.
    const text = this.#bytes.toString('latin1', base, at.at(-1));
    const list: string[] = [];
    for (let i = 0; i < at.length; i += 2) list.push(text.slice((at[i] as number) - base, (at[i + 1] as number) - base));
    return list;
  }
}
