/**
 * Header fields of a message, in a form that every protocol can make and use. They are looked up by name, and listed only when all
 * of them are needed, so that an engine need not make a string of each. Names keep their case, and repeated fields their lines.
 */

export interface Fields {
  /** The first value of a field; `name` in lower case. Undefined: the field is absent. */
  get(name: string): string | undefined;
  /** All values of a field; `name` in lower case. */
  all(name: string): readonly string[];
  /** Names and values, alternating, as they will be sent. The caller must not change the list. */
  list(): readonly string[];
  /**
   * The fields as lines of HTTP/1, each with its line end, one character a byte; trusted by engines of HTTP/1, which otherwise check
   * and write `list()`. Absent, or undefined: no codec of HTTP/1 has validated the bytes.
   * @param omitted a name, in lower case, that is left out.
   */
  lines?(omitted: string): string | undefined;
}

/** Fields in a list of alternating names and values. */
export class ListFields implements Fields {
  readonly #list: readonly string[];

  constructor(list: readonly string[]) {
    this.#list = list;
  }

  get(name: string): string | undefined {
    const list = this.#list;
    for (let i = 0; i + 1 < list.length; i += 2) if (isNamed(list[i] as string, name)) return list[i + 1];
    return undefined;
  }

  all(name: string): readonly string[] {
    return this.#list.filter((_, i) => i % 2 === 1 && isNamed(this.#list[i - 1] as string, name));
  }

  list(): readonly string[] {
    return this.#list;
  }
}

/** Fields that were received, followed by fields that this proxy adds. No name is in both. */
export class ExtendedFields implements Fields {
  readonly #received: Fields;
  readonly #added: readonly string[];

  /** @param added names in lower case and values, alternating; one character a byte, and valid in HTTP/1. */
  constructor(received: Fields, added: readonly string[]) {
    this.#received = received;
    this.#added = added;
  }

  get(name: string): string | undefined {
    const added = this.#added;
    for (let i = 0; i < added.length; i += 2) if (added[i] === name) return added[i + 1];
    return this.#received.get(name);
  }

  all(name: string): readonly string[] {
    return [...this.#received.all(name), ...new ListFields(this.#added).all(name)];
  }

  list(): readonly string[] {
    return [...this.#received.list(), ...this.#added];
  }

  lines(omitted: string): string | undefined {
    let lines = this.#received.lines?.(omitted);
    if (lines === undefined) return undefined;
    const added = this.#added;
    for (let i = 0; i < added.length; i += 2) lines += `${added[i]}: ${added[i + 1]}\r\n`;
    return lines;
  }
}

/** Pairs of a list of alternating names and values. */
export function fieldPairs(list: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < list.length; i += 2) pairs.push([list[i] as string, list[i + 1] as string]);
  return pairs;
}

function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
}
