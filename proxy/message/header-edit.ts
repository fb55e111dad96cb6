/** Header edits applied to the two forms that heads have here. */
import type { HeaderEdit } from './exchange.ts';

type Fields = Record<string, string | string[]>;

/** Fields by lower-case name, edited; the ones given are left alone. */
export function editFields(fields: Readonly<Fields>, { dropped, added }: HeaderEdit): Fields {
  const edited = Object.create(null) as Fields;
  for (const name in fields) if (!dropped.has(name)) edited[name] = fields[name] as string | string[];
  for (let i = 0; i + 1 < added.length; i += 2) {
    const name = added[i] as string;
    const value = added[i + 1] as string;
    const before = edited[name];
    if (before === undefined) edited[name] = value;
    // Cookies are one field, in pieces (RFC 9113 §8.2.3).
    else if (name === 'cookie') edited[name] = `${[before].flat().join('; ')}; ${value}`;
    else edited[name] = [before, value].flat();
  }
  return edited;
}

/** Names and values in turn, edited; the list given is left alone. */
export function editList(list: readonly string[], { dropped, added }: HeaderEdit): string[] {
  const edited: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    if (!dropped.has(name.toLowerCase())) edited.push(name, list[i + 1] as string);
  }
  edited.push(...added);
  return edited;
}
