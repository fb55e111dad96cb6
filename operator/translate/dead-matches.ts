/** Which matches of a policy no request can ever match. Nothing is said where that is not certain. */
import { RE2JS } from 're2js';
import { headerValues, pathValues } from './matchable-values.ts';
import { compileProgram, intersect } from './regex-intersection.ts';
import type { MatchSpec } from '../api/policy.gen.ts';
import type { Match } from '../../proxy/snapshot/types.ts';
import type { Values } from './matchable-values.ts';
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

/** @param matches as in the policy's spec, for the paths of fields. */
export function findDeadMatches(policy: ParsedPolicy, matches: readonly MatchSpec[] = []): DeadMatch[] {
  return policy.matches.flatMap((match, index) => {
    const field = `matches[${index}]`;
    const conditions = [...deadPath(match, field), ...deadHeaders(policy, match, matches[index]?.headers ?? [], field)];
    return conditions.length > 0 ? [{ index, conditions }] : [];
  });
}

function deadPath({ path, method }: Match, field: string): DeadCondition[] {
  // Every path is under the prefix /.
  if (path === undefined || (path.type === 'PathPrefix' && path.value === '/')) return [];
  const isExpression = path.type === 'RegularExpression';
  const values = pathValues(method, isExpression);
  if (canBe(values, isExpression, path.value)) return [];
  const slash = isExpression && intersect(compileProgram(path.value), compileProgram('(?s)/.*')) === 'empty';
  return [{ field: `${field}.path.value`, advice: slash ? NO_SLASH : values.advice }];
}

function deadHeaders(
  policy: ParsedPolicy,
  { headers = [], method }: Match,
  given: readonly { readonly name: string }[],
  field: string,
): DeadCondition[] {
  return headers.flatMap(({ name, value, type }) => {
    const isExpression = type === 'RegularExpression';
    const values = headerValues(name, policy, method);
    if (canBe(values, isExpression, value)) return [];
    const at = given.findIndex((header) => header.name.toLowerCase() === name);
    const note = isExpression && values.expression !== undefined ? ' (a regular expression must match all of the value)' : '';
    return [{ field: `${field}.headers[${at}] (${name})`, advice: `${values.advice}${note}` }];
  });
}

/** Whether one of the values is this text, or matches this regular expression as a whole. */
function canBe({ expression, except }: Values, isExpression: boolean, text: string): boolean {
  if (expression === undefined) return false;
  if (isExpression) return intersect(compileProgram(text), compileProgram(expression)) !== 'empty';
  return RE2JS.compile(expression).testExact(text) && except?.test(text) !== true;
}
