/** Which matches of a policy no request can ever match. Nothing is said where that is not certain. */
import { RE2JS } from 're2js';
import { pathNormalizationOf } from './listener-settings.ts';
import { expressionAdvice, pathAdvice, pathValues, SENT_PATH } from './matchable-paths.ts';
import { headerValues } from './matchable-values.ts';
import { compileProgram, intersect } from './regex-intersection.ts';
import type { MatchSpec } from '../api/policy.gen.ts';
import type { Match, PathNormalization } from '../../proxy/snapshot/types.ts';
import type { Possible } from './matchable-values.ts';
import type { Intersection, Program } from './regex-intersection.ts';
import type { ParsedPolicy } from './policy.ts';

/** A match of a policy that no request can match. */
export interface DeadMatch {
  /** Its index in `spec.matches`. */
  readonly index: number;
  /** Its conditions that never hold: one is enough. */
  readonly conditions: readonly DeadCondition[];
}

export interface DeadCondition {
  /** Its path within the policy. */
  readonly field: string;
  /** Why it never holds, and what to do: completes a sentence. */
  readonly advice: string;
}

const NO_SLASH =
  'nothing that begins with / matches all of it, and every path does: begin it with / or .*, and leave out what nothing can match';

/** Enough for a hundred usual expressions; reached within about 80 ms. What is left after that is not decided, so nothing is said of it. */
const MAX_STATES = 100_000;

/** @param matches as in the policy's spec, for the paths of fields. */
export function findDeadMatches(policy: ParsedPolicy, matches: readonly MatchSpec[] = []): DeadMatch[] {
  const search = new Searches();
  const normalization = pathNormalizationOf(policy.listenerSettings);
  return policy.matches.flatMap((match, index) => {
    const field = `matches[${index}]`;
    const headers = deadHeaders(policy, match, matches[index]?.headers ?? [], field, search);
    const conditions = [...deadPath(match, normalization, field, search), ...headers];
    return conditions.length > 0 ? [{ index, conditions }] : [];
  });
}

function deadPath({ path, method }: Match, how: PathNormalization, at: string, search: Searches): DeadCondition[] {
  // Every path is under the prefix /.
  if (path === undefined || (path.type === 'PathPrefix' && path.value === '/')) return [];
  const isExpression = path.type === 'RegularExpression';
  // A slash at the end of a prefix does not count.
  const value = path.type === 'PathPrefix' ? path.value.replace(/(?<=.)\/$/, '') : path.value;
  if (search.canBe(pathValues(method, how), isExpression, value)) return [];
  const field = `${at}.path.value`;
  if (!isExpression) return [{ field, advice: pathAdvice(path.value, how) }];
  if (!search.isDisjoint(path.value, '(?s)/.*'))
    return [{ field, advice: expressionAdvice(search.common(path.value, SENT_PATH), how) }];
  return method === undefined && search.isAsterisk(path.value) ? [] : [{ field, advice: NO_SLASH }];
}

function deadHeaders(
  policy: ParsedPolicy,
  { headers = [], method }: Match,
  given: readonly { readonly name: string }[],
  field: string,
  search: Searches,
): DeadCondition[] {
  return headers.flatMap(({ name, value, type }) => {
    const isExpression = type === 'RegularExpression';
    const values = headerValues(name, policy, method);
    if (search.canBe(values, isExpression, value)) return [];
    const at = given.findIndex((header) => header.name.toLowerCase() === name);
    const note = isExpression && values.expression !== undefined ? ' (a regular expression must match all of the value)' : '';
    return [{ field: `${field}.headers[${at}] (${name})`, advice: `${values.advice}${note}` }];
  });
}

/** The searches of one policy: each once, and within one budget. */
class Searches {
  readonly #budget = { left: MAX_STATES };
  readonly #programs = new Map<string, Program>();
  readonly #results = new Map<string, Intersection>();

  /** Whether one of the values is this text, or matches this regular expression as a whole. */
  canBe({ expression, except }: Possible, isExpression: boolean, text: string): boolean {
    if (expression === undefined) return false;
    if (isExpression) return !this.isDisjoint(text, expression);
    return RE2JS.compile(expression).testExact(text) && except?.test(text) !== true;
  }

  /** Whether it is certain that no text matches both expressions. */
  isDisjoint(a: string, b: string): boolean {
    return this.common(a, b) === 'empty';
  }

  /** Whether any text matches both expressions, with an example. */
  common(a: string, b: string): Intersection {
    if (this.#budget.left <= 0) return 'undecided';
    const key = `${a}\n${b}`;
    const known = this.#results.get(key);
    if (known !== undefined) return known;
    const result = intersect(this.#program(a), this.#program(b), this.#budget);
    this.#results.set(key, result);
    return result;
  }

  /** Whether `*`, the path of `OPTIONS *`, is the only text without a slash at its begin that matches, so that it is meant. */
  isAsterisk(text: string): boolean {
    return RE2JS.compile(text).testExact('*') && this.isDisjoint(text, '(?s)[^/*].*|\\*.+');
  }

  #program(text: string): Program {
    const program = this.#programs.get(text) ?? compileProgram(text);
    this.#programs.set(text, program);
    return program;
  }
}
