/** Label and field selectors, parsed once into a test. */
import type { KubeObject } from './json.ts';
import type { Kind } from './kinds.ts';
import { badRequest } from './status.ts';

export type Test = (object: KubeObject) => boolean;

/** Both selectors of a request as one test on objects in the requested version. @throws 400 */
export function selector(kind: Kind, query: URLSearchParams, name?: string): Test {
  const tests = [...labelTests(query.get('labelSelector') ?? ''), ...fieldTests(kind, query.get('fieldSelector') ?? '')];
  if (name !== undefined) tests.push((object) => object.metadata.name === name);
  return (object) => tests.every((test) => test(object));
}

/** Whether a request has a selector. */
export function selects(query: URLSearchParams): boolean {
  return (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
}

/** Commas inside parentheses belong to a set. */
function terms(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}

const KEY = '[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?';
const EQUALS = new RegExp(`^(?<key>${KEY})\\s*(?<op>==|=|!=)\\s*(?<value>[-A-Za-z0-9_.]*)$`);
const AMONG = new RegExp(`^(?<key>${KEY})\\s+(?<op>in|notin)\\s*\\((?<values>[^()]*)\\)$`);
const PRESENT = new RegExp(`^(?<not>!\\s*)?(?<key>${KEY})$`);

function labelTests(text: string): Test[] {
  return terms(text).map((term) => {
    const groups = (AMONG.exec(term) ?? EQUALS.exec(term) ?? PRESENT.exec(term))?.groups;
    if (groups === undefined) throw badRequest(`unable to parse requirement: found '${term}', expected: a label requirement`);
    return labelTest(groups);
  });
}

function labelTest(groups: Record<string, string | undefined>): Test {
  const { key = '', op, value = '', values, not } = groups;
  const label = (object: KubeObject): string | undefined => object.metadata.labels?.[key];
  if (op === undefined) return (object) => (label(object) === undefined) === (not !== undefined);
  const wanted = values === undefined ? [value] : values.split(',').map((one) => one.trim());
  const among: Test = (object) => {
    const actual = label(object);
    return actual !== undefined && wanted.includes(actual);
  };
  return op === 'notin' || op === '!=' ? (object) => !among(object) : among;
}

function fieldTests(kind: Kind, text: string): Test[] {
  return terms(text).map((term) => {
    const groups = /^(?<field>[^=!]+)(?<op>==|=|!=)(?<value>.*)$/.exec(term)?.groups;
    const { field = '', op = '', value = '' } = groups ?? {};
    if (groups === undefined) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
    const read = fieldReader(kind, field);
    if (read === undefined) throw badRequest(`field label not supported: ${field}`);
    return (object) => (read(object) === value) === (op !== '!=');
  });
}

function fieldReader(kind: Kind, field: string): ((object: KubeObject) => string) | undefined {
  if (field === 'metadata.name') return (object) => object.metadata.name;
  if (field === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  return kind.selectable[field];
}
