/** Regular expressions for routing: linear in the length of the text, whatever the expression (RE2). */
import type { CompileExpression, Expression } from './match.ts';
import { MAX_EXPRESSION_TEXT, MAX_EXPRESSIONS } from '../snapshot/limits.ts';

let loading: Promise<CompileExpression> | undefined;

/** Loaded only when a route needs it: the library costs megabytes. */
export function loadExpressions(): Promise<CompileExpression> {
  return (loading ??= load());
}

async function load(): Promise<CompileExpression> {
  const { RE2JS } = await import('re2js');
  // Every snapshot makes its route tables anew, mostly from the same expressions.
  const known = new Map<string, Expression>();
  return (source) => {
    let expression = known.get(source);
    if (expression === undefined) {
      const compiled = RE2JS.compile(source);
      expression = (text) => text.length <= MAX_EXPRESSION_TEXT && compiled.testExact(text);
      if (known.size >= 2 * MAX_EXPRESSIONS) known.clear();
      known.set(source, expression);
    }
    return expression;
  };
}
