/** Header fields as the bytes of a message: strings are made only of what is asked for. Names keep their case, duplicates their lines. */
import { LF, resembles, spells } from './octets.ts';
import type { ReceivedFields } from './received-fields.ts';

/** Positions of a field: where its name begins and ends, where its value begins and ends. */
const PER_FIELD = 4;

export class WireFields implements ReceivedFields {
  readonly #bytes: Buffer;
  readonly #at: readonly number[];
  #list: readonly string[] | undefined;

  /**
   * @param bytes in which the fields were validated.
   * @param at `PER_FIELD` numbers for each.
   */
  constructor(bytes: Buffer, at: readonly number[]) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get count(): number {
    return this.#at.length / PER_FIELD;
  }

  get(name: string): string | undefined {
    const field = this.#find(name, 0);
    return field < 0 ? undefined : this.value(field);
  }

  all(name: string): readonly string[] {
    const values: string[] = [];
    for (let i = this.#find(name, 0); i >= 0; i = this.#find(name, i + 1)) values.push(this.value(i));
    return values;
  }

  list(): readonly string[] {
    return (this.#list ??= this.#all());
  }

  /** Lines that follow each other are copied together, as they arrived. */
  lines(omitted: string): string {
    const at = this.#at;
    let lines = '';
    let from = 0;
    let to = 0;
    for (let i = 0; i < at.length; i += PER_FIELD) {
      const begin = at[i] as number;
      if ((at[i + 1] as number) - begin === omitted.length && spells(this.#bytes, begin, omitted)) continue;
      if (begin !== to) {
        if (to > 0) lines += this.#bytes.toString('latin1', from, to);
        from = begin;
      }
      to = this.#lineEnd(at[i + 3] as number);
    }
    return to > 0 ? lines + this.#bytes.toString('latin1', from, to) : lines;
  }

  nameLength(field: number): number {
    return (this.#at[field * PER_FIELD + 1] as number) - (this.#at[field * PER_FIELD] as number);
  }

  isNamed(field: number, lower: string): boolean {
    return spells(this.#bytes, this.#at[field * PER_FIELD] as number, lower);
  }

  resembles(field: number, lower: string): boolean {
    return resembles(this.#bytes, this.#at[field * PER_FIELD] as number, lower);
  }

  name(field: number): string {
    return this.#slice(field * PER_FIELD);
  }

  value(field: number): string {
    return this.#slice(field * PER_FIELD + 2);
  }

  filter(kept: (field: number) => boolean): WireFields {
    const at: number[] = [];
    for (let i = 0; i < this.#at.length; i += PER_FIELD) {
      if (!kept(i / PER_FIELD)) continue;
      for (let j = i; j < i + PER_FIELD; j++) at.push(this.#at[j] as number);
    }
    return new WireFields(this.#bytes, at);
  }

  /** The first field of the name from `from` on; -1: none. */
  #find(name: string, from: number): number {
    for (let i = from; i < this.count; i++) if (this.nameLength(i) === name.length && this.isNamed(i, name)) return i;
    return -1;
  }

  /** White space may follow a value. */
  #lineEnd(valueEnd: number): number {
    let at = valueEnd;
    while (this.#bytes[at] !== LF) at++;
    return at + 1;
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
