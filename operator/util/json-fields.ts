/** Reads JSON of which nothing is known, and says everything that is wrong with it: field by field, one sentence each. */

export type Members = Readonly<Record<string, unknown>>;

/** More mistakes, and entries of a list or map, than this: whoever wrote the file has the wrong file. */
const MAX_ENTRIES = 10_000;
const MAX_MISTAKES = 100;

export class MistakesOf {
  readonly found: string[] = [];

  /** `is …` or `must be …`, after the name of the field. */
  add(field: string, what: string): void {
    if (this.found.length < MAX_MISTAKES) this.found.push(field === '' ? what : `${field} ${what}`);
  }

  /** An object; with `known`, one that has no other members. Empty where it is none, which is then a mistake. */
  members(field: string, value: unknown, known?: readonly string[]): Members {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.add(field, value === undefined ? 'is missing' : 'must be an object');
      return {};
    }
    for (const name of Object.keys(value)) {
      if (known === undefined || known.includes(name)) continue;
      this.add(field === '' ? name.slice(0, 80) : `${field}.${name.slice(0, 80)}`, `is not known: there are ${known.join(', ')}`);
    }
    if (Object.keys(value).length > MAX_ENTRIES) this.add(field, `has more than ${MAX_ENTRIES} members`);
    return value as Members;
  }

  text(field: string, value: unknown, valid: (text: string) => boolean, wanted: string): string {
    if (typeof value === 'string' && valid(value)) return value;
    this.add(field, value === undefined ? `is missing: it must be ${wanted}` : `must be ${wanted}`);
    return '';
  }

  oneOf<T extends string>(field: string, value: unknown, values: readonly T[]): T {
    const found = values.find((one) => one === value);
    if (found !== undefined) return found;
    this.add(field, `must be one of ${values.join(', ')}`);
    return values[0] as T;
  }

  /** Qualified names (of labels, of annotations) and texts. */
  map(field: string, value: unknown, valid: (text: string) => boolean, wanted: string): Readonly<Record<string, string>> {
    const members = this.members(field, value);
    for (const [name, text] of Object.entries(members)) {
      const at = `${field}[${JSON.stringify(name.slice(0, 80))}]`;
      if (!isQualifiedName(name)) this.add(at, 'is no name such as example.com/name');
      if (typeof text !== 'string' || !valid(text)) this.add(at, `must be text, as the values are ${wanted}`);
    }
    return Object.freeze({ ...members }) as Readonly<Record<string, string>>;
  }

  list<T>(field: string, value: unknown, read: (item: unknown, field: string) => T): readonly T[] {
    if (!Array.isArray(value)) {
      this.add(field, 'must be a list');
      return [];
    }
    if (value.length > MAX_ENTRIES) this.add(field, `has more than ${MAX_ENTRIES} entries`);
    return Object.freeze(value.slice(0, MAX_ENTRIES).map((item, i) => read(item, `${field}[${i}]`)));
  }
}

/** RFC 1123. */
export const isLabel = (text: string): boolean => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
export const isName = (text: string): boolean => text.length <= 253 && text.split('.').every(isLabel);
export const isLabelValue = (text: string): boolean => /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(text);

/** Of labels, annotations and classes: `name` or `prefix/name`. */
export function isQualifiedName(text: string): boolean {
  const [first = '', second, ...rest] = text.split('/');
  const name = second ?? first;
  return rest.length === 0 && name !== '' && isLabelValue(name) && (second === undefined || isName(first));
}
