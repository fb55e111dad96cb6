import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { MAX_EXPRESSION_SIZE } from '../../proxy/snapshot/limits.ts';
import { parseDuration } from '../api/duration.ts';
import { parseQuantity } from '../api/quantity.ts';

/** Something that a user has to change: the condition's reason, and a sentence. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

/** A message shows this many characters of a value. */
const MAX_QUOTED = 100;

/** Parses single values of one policy. Collects every problem instead of stopping at the first. */
export class FieldParser {
  readonly problems: Problem[] = [];

  /** Milliseconds. Text that is not a duration is a problem, and gives 0. */
  duration(field: string, text: string): number {
    return this.#parse(field, () => parseDuration(text));
  }

  /** Bytes. Text that is not a size is a problem, and gives 0. */
  quantity(field: string, text: string): number {
    return this.#parse(field, () => parseQuantity(text));
  }

  /** `204` or `200-399`. Other text is a problem, and gives 0-0. */
  statusRange(field: string, text: string): { from: number; to: number } {
    const [, from, to = from] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? [];
    if (from !== undefined) return { from: Number(from), to: Number(to) };
    const quoted = text.slice(0, MAX_QUOTED);
    this.fail('UnsupportedValue', `${field}: "${quoted}" is not a status code such as 204 or a range such as 200-399`);
    return { from: 0, to: 0 };
  }

  /** Checks a regular expression, which the schema cannot: a proxy could only refuse one that does not compile, or costs too much. */
  expression(field: string, text: string): void {
    try {
      const size = RE2JS.compile(text).programSize();
      if (size <= MAX_EXPRESSION_SIZE) return;
      const message = `${field} takes ${size} steps for each character, at most ${MAX_EXPRESSION_SIZE} are allowed: lower its repetitions`;
      this.fail('InvalidExpression', message);
    } catch (error) {
      if (!(error instanceof RE2JSException)) throw error;
      this.fail('InvalidExpression', `${field} is not a regular expression in RE2 syntax: ${syntaxError(text, error)}`);
    }
  }

  fail(reason: string, message: string): void {
    this.problems.push({ reason, message });
  }

  #parse(field: string, parse: () => number): number {
    try {
      return parse();
    } catch (error) {
      this.fail('UnsupportedValue', `${field}: ${error instanceof Error ? error.message : String(error)}`);
      return 0;
    }
  }
}

/** `invalid escape sequence at "\\1" (character 7)`. The library gives the faulty part, not its position: the first such part is shown. */
function syntaxError(expression: string, error: RE2JSException): string {
  if (!(error instanceof RE2JSSyntaxException)) return error.message;
  const part = error.getPattern() ?? expression;
  const at = expression.indexOf(part);
  // The library gives the whole expression where something is missing at its end.
  if (part === expression || at === -1) return `${error.getDescription()} in "${expression.slice(0, MAX_QUOTED)}"`;
  return `${error.getDescription()} at "${part.slice(0, MAX_QUOTED)}" (character ${at + 1})`;
}
