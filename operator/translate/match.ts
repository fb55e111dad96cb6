import { DEFAULTS } from '../api/defaults.ts';
import { checkExpression } from './expression.ts';
import type { MatchSpec } from '../api/policy.gen.ts';
import type { HeaderMatch, Match } from '../../proxy/snapshot/types.ts';
import type { Reader } from './field-parser.ts';

/** @param field where the match is in the policy. */
export function readMatch({ path, method, headers = [] }: MatchSpec, field: string, reader: Reader): Match {
  const terms = readHeaders(headers, field, reader);
  return {
    ...(path && { path: readPath(path, field, reader) }),
    ...(method !== undefined && { method }),
    ...(terms.length > 0 && { headers: terms }),
  };
}

function readPath(given: NonNullable<MatchSpec['path']>, field: string, reader: Reader): NonNullable<Match['path']> {
  const { type = DEFAULTS.pathType, value = DEFAULTS.pathValue } = given;
  if (type === 'RegularExpression') checkExpression(`${field}.path.value`, value, reader);
  return { type, value };
}

/** Of two headers whose names differ in case only, the first counts, as in Gateway API. */
function readHeaders(headers: NonNullable<MatchSpec['headers']>, field: string, reader: Reader): HeaderMatch[] {
  const byName = new Map<string, HeaderMatch>();
  for (const [i, { name, value, type = DEFAULTS.headerType }] of headers.entries()) {
    const lower = name.toLowerCase();
    if (byName.has(lower)) continue;
    if (type === 'RegularExpression') checkExpression(`${field}.headers[${i}].value`, value, reader);
    byName.set(lower, { name: lower, value, ...(type === 'RegularExpression' && { type }) });
  }
  return [...byName.values()];
}
