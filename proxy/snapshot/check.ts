/**
 * Combinators that check a parsed JSON value and collect every wrong field instead of stopping at the first. Hand-written because a
 * schema library costs a proxy several megabytes. Unknown members are ignored, so that an older proxy accepts documents of a newer
 * operator.
 */

export interface WrongField {
  /** From the root of the document, as in `listeners[0].routes[3].policy`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** Reports what is wrong with `value`; without a report it has passed. */
export type Check = (value: unknown, report: Report) => void;

/** Further wrong fields are only counted. */
const MAX_NAMED = 1000;

/** Collects wrong fields. Tracks the position in the document; builds the path text only for a wrong field. */
export class Report {
  readonly #path: (string | number)[] = [];
  readonly #wrong: WrongField[] = [];
  #unnamed = 0;

  /** Runs `check` on a member or item. */
  at(key: string | number, value: unknown, check: Check): void {
    this.#path.push(key);
    check(value, this);
    this.#path.pop();
  }

  /** Reports the value at the present position. */
  fail(message: string): void {
    if (this.#wrong.length < MAX_NAMED) this.#wrong.push({ path: this.#path.map(step).join('').replace(/^\./, ''), message });
    else this.#unnamed++;
  }

  /** Reports a value below the present position. */
  failAt(path: readonly (string | number)[], message: string): void {
    this.#path.push(...path);
    this.fail(message);
    this.#path.length -= path.length;
  }

  /** All wrong fields, in document order; empty if there are none. */
  wrong(): readonly WrongField[] {
    return this.#unnamed === 0 ? this.#wrong : [...this.#wrong, { path: '', message: `and ${this.#unnamed} more wrong fields` }];
  }
}

/** Keys are shortened: they come from the document, and must not make an answer large. */
function step(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^\w{1,64}$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 64))}]`;
}

/** Runs a check over a whole document and returns every wrong field. */
export function wrongFields(value: unknown, check: Check): readonly WrongField[] {
  const report = new Report();
  check(value, report);
  return report.wrong();
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object with at least these members; `optional` ones are checked where they are present. */
export function object(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  const members = [...Object.entries(required), ...Object.entries(optional)];
  return (value, report) => {
    if (!isObject(value)) return report.fail('must be an object');
    for (const [name, check] of members) {
      if (value[name] !== undefined) report.at(name, value[name], check);
      else if (Object.hasOwn(required, name)) report.failAt([name], 'is required');
    }
  };
}

/** An object used as a map; every key matches `key`. */
export function record(key: RegExp, each: Check, max: number): Check {
  return (value, report) => {
    if (!isObject(value)) return report.fail('must be an object');
    const names = Object.keys(value);
    if (names.length > max) return report.fail(`has ${names.length} members, at most ${max} are allowed`);
    for (const name of names) {
      if (key.test(name)) report.at(name, value[name], each);
      else report.failAt([name], `must have a name that matches ${key.source}`);
    }
  };
}

/** A list of `min` to `max` items. Items of a list that is too long are not checked. */
export function list(each: Check, { min = 0, max }: { min?: number; max: number }): Check {
  return (value, report) => {
    if (!Array.isArray(value)) return report.fail('must be a list');
    if (value.length < min || value.length > max) return report.fail(`has ${value.length} items, ${min} to ${max} are allowed`);
    value.forEach((item, i) => report.at(i, item, each));
  };
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): Check {
  return (value, report) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max)
      report.fail(`must be a whole number from ${min} to ${max}`);
  };
}

/** A number from `min` to `max`. */
export function number(min: number, max: number): Check {
  return (value, report) => {
    if (!(typeof value === 'number' && value >= min && value <= max)) report.fail(`must be a number from ${min} to ${max}`);
  };
}

/** A string of `min` to `max` UTF-16 code units that matches `pattern`, if given; `what` describes the pattern. */
export function string({ min = 0, max, pattern, what }: { min?: number; max: number; pattern?: RegExp; what?: string }): Check {
  return (value, report) => {
    if (typeof value !== 'string') return report.fail('must be a string');
    if (value.length < min || value.length > max) return report.fail(`must have ${min} to ${max} characters`);
    if (pattern !== undefined && !pattern.test(value)) report.fail(`must be ${what ?? `a match of ${pattern.source}`}`);
  };
}

export const boolean: Check = (value, report) => {
  if (typeof value !== 'boolean') report.fail('must be true or false');
};

/** One of the given values. */
export function oneOf(values: readonly unknown[]): Check {
  return (value, report) => {
    if (!values.includes(value)) report.fail(`must be one of ${values.join(', ')}`);
  };
}

/** A string for which `test` holds. */
export function stringThat(test: (value: string) => boolean, what: string): Check {
  return (value, report) => {
    if (typeof value !== 'string' || !test(value)) report.fail(`must be ${what}`);
  };
}

/** Runs all checks, one after another; each must handle any value. */
export function all(...checks: readonly Check[]): Check {
  return (value, report) => {
    for (const check of checks) check(value, report);
  };
}

/** A list in which `key` of every object is unique; other values are not reported. */
export function unique(key: string): Check {
  return (value, report) => {
    if (!Array.isArray(value)) return;
    const seen = new Set<unknown>();
    value.forEach((item: unknown, i) => {
      const found = isObject(item) ? item[key] : undefined;
      if (found !== undefined && seen.has(found)) report.failAt([i, key], 'is not unique');
      seen.add(found);
    });
  };
}
