import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { MAX_EXPRESSION_SIZE } from '../../proxy/snapshot/limits.ts';
import type { Reader } from './field-parser.ts';

/** A message shows this many characters of an expression. */
const MAX_QUOTED = 100;

/** The schema can not know whether an expression compiles, and a proxy that is pushed a bad one could only refuse it. */
export function checkExpression(field: string, expression: string, reader: Reader): void {
  try {
    const size = RE2JS.compile(expression).programSize();
    if (size > MAX_EXPRESSION_SIZE)
      reader.fail(
        'InvalidExpression',
        `${field} takes ${size} steps for each character, at most ${MAX_EXPRESSION_SIZE} are allowed: lower its repetitions`,
      );
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    reader.fail('InvalidExpression', `${field} is not a regular expression in RE2 syntax: ${fault(expression, error)}`);
  }
}

/** `invalid escape sequence at "\\1" (character 7)`. The library names the faulty part, not its place: the first such part is shown. */
function fault(expression: string, error: RE2JSException): string {
  if (!(error instanceof RE2JSSyntaxException)) return error.message;
  const part = error.getPattern() ?? expression;
  const at = expression.indexOf(part);
  // The whole expression is named where something is missing at its end.
  if (part === expression || at === -1) return `${error.getDescription()} in "${expression.slice(0, MAX_QUOTED)}"`;
  return `${error.getDescription()} at "${part.slice(0, MAX_QUOTED)}" (character ${at + 1})`;
}
