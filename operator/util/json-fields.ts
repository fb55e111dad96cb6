/** Configuration files in JSON: one validated value, or every error, one sentence each. */
import { readFileSync } from 'node:fs';
import { isQualifiedName } from './kubernetes-names.ts';

export type Members = Readonly<Record<string, unknown>>;

export interface Errors {
  readonly errors: readonly string[];
}

const MAX_BYTES = 1024 * 1024;
/** Lists and maps with more entries, and files with more errors, are not what they should be: the rest is not reported. */
const MAX_ENTRIES = 10_000;
const MAX_ERRORS = 100;

/** @param read makes the value from the document, which is an object; its result counts only where it reported no error */
export function readJsonFile<T extends object>(file: string, read: (document: Members, fields: JsonFields) => T): T | Errors {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { errors: [`cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`] };
  }
  return readJson(text, read);
}

export function readJson<T extends object>(text: string, read: (document: Members, fields: JsonFields) => T): T | Errors {
  if (text.length > MAX_BYTES) return { errors: [`must not be longer than ${MAX_BYTES} bytes`] };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { errors: [`must be JSON: ${(error as Error).message}`] };
  }
  if (!isObject(document)) return { errors: ['must be a JSON object'] };
  const fields = new JsonFields();
  const value = read(document, fields);
  return fields.errors.length > 0 ? fields : Object.freeze(value);
}

/** Checks fields of which nothing is known. Where a field is wrong, it reports that and returns an empty value. */
export class JsonFields implements Errors {
  readonly errors: string[] = [];

  /** @param what follows the name of the field: `must be …` or `is …` */
  fail(field: string, what: string): void {
    if (this.errors.length < MAX_ERRORS) this.errors.push(field === '' ? what : `${field} ${what}`);
  }

  /** An object. With `known`, other members are errors. */
  object(field: string, value: unknown, known?: readonly string[]): Members {
    if (!isObject(value)) {
      this.fail(field, value === undefined ? 'is missing' : 'must be an object');
      return {};
    }
    for (const name of Object.keys(value)) {
      if (known === undefined || known.includes(name)) continue;
      this.fail(
        field === '' ? name.slice(0, 80) : `${field}.${name.slice(0, 80)}`,
        `is not known: there are ${known.join(', ')}`,
      );
    }
    if (Object.keys(value).length > MAX_ENTRIES) this.fail(field, `has more than ${MAX_ENTRIES} members`);
    return value;
  }

  text(field: string, value: unknown, valid: (text: string) => boolean, what: string): string {
    if (typeof value === 'string' && valid(value)) return value;
    this.fail(field, value === undefined ? `is missing: it must be ${what}` : `must be ${what}`);
    return '';
  }

  oneOf<T extends string>(field: string, value: unknown, values: readonly T[]): T {
    const found = values.find((one) => one === value);
    if (found !== undefined) return found;
    this.fail(field, `must be one of ${values.join(', ')}`);
    return values[0] as T;
  }

  /** Strings by qualified name: labels, annotations, resources. */
  map(field: string, value: unknown, valid: (text: string) => boolean, what: string): Readonly<Record<string, string>> {
    const members = this.object(field, value);
    for (const [name, text] of Object.entries(members)) {
      const at = `${field}[${JSON.stringify(name.slice(0, 80))}]`;
      if (!isQualifiedName(name)) this.fail(at, 'is not a name such as example.com/name');
      if (typeof text !== 'string' || !valid(text)) this.fail(at, `must be ${what}`);
    }
    return Object.freeze({ ...members }) as Readonly<Record<string, string>>;
  }

  list<T>(field: string, value: unknown, read: (item: unknown, field: string) => T, max = MAX_ENTRIES): readonly T[] {
    if (!Array.isArray(value)) {
      this.fail(field, 'must be a list');
      return [];
    }
    if (value.length > max) this.fail(field, `has more than ${max} entries`);
    return Object.freeze(value.slice(0, max).map((item, i) => read(item, `${field}[${i}]`)));
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
