/** Regular expressions for routing (RE2): matching time is linear in the length of the text. */
import type { CompileRegex, Regex } from './match.ts';
import { MAX_EXPRESSION_TEXT, MAX_EXPRESSIONS } from '../snapshot/limits.ts';

let loading: Promise<CompileRegex> | undefined;

/** Loads the library when a route first needs it, since it costs megabytes. */
export function loadRegexEngine(): Promise<CompileRegex> {
  return (loading ??= load());
}

async function load(): Promise<CompileRegex> {
  const { RE2JS } = await import('re2js');
  // Every snapshot rebuilds the route tables, mostly from the same expressions.
  const known = new Map<string, Regex>();
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
