/**
 * The JSONPath that printer columns use: `.a.b`, `['a']`, `[0]`, `[*]` and filters such as `[?(@.type=="Ready")]`.
 */
import { asString, isObject } from './json.ts';
import type { Json } from './json.ts';

const STEP =
  /^(?:\.([A-Za-z0-9_$-]+(?:\\\.[A-Za-z0-9_$-]+)*)|\[(-?\d+)\]|\[\*\]|\.\*|\['([^']+)'\]|\[\?\(\s*@((?:\.[A-Za-z0-9_-]+)+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(true|false|-?\d+))\s*\)\])/;

/** All values at a path; none for a path that is not understood. */
export function evaluatePath(root: Json, path: string): Json[] {
  let values: Json[] = [root];
  let rest = path.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '');
  while (rest !== '') {
    const step = STEP.exec(rest);
    if (step === null) return [];
    values = values.flatMap((value) => take(value, step));
    rest = rest.slice(step[0].length);
  }
  return values;
}

function take(value: Json, step: RegExpExecArray): Json[] {
  const [, plain, index, quoted, inner] = step;
  if (inner !== undefined) return members(value).filter((item) => matches(item, inner, step));
  if (index !== undefined) return present(Array.isArray(value) ? value.at(Number(index)) : undefined);
  const name = plain?.replaceAll('\\.', '.') ?? quoted;
  if (name === undefined) return members(value);
  return present(isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);
}

function present(value: Json | undefined): Json[] {
  return value === undefined ? [] : [value];
}

function members(value: Json): Json[] {
  return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
}

function matches(item: Json, inner: string, step: RegExpExecArray): boolean {
  const [actual] = evaluatePath(item, inner);
  const text = step[6] ?? step[7] ?? step[8];
  const shown = typeof actual === 'string' ? actual : actual === undefined ? undefined : asString(JSON.stringify(actual));
  return (shown === text) === (step[5] === '==');
}
