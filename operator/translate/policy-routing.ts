/** What a policy's route matches, and what it changes of requests and responses, in the wire's terms. */
import { DEFAULTS } from '../api/defaults.ts';
import type {
  MatchSpec,
  PolicySpec,
  RequestHeaderModifierSpec,
  RequestRedirectPathSpec,
  RequestRedirectSpec,
  ResponseHeaderModifierSpec,
  UrlRewritePathSpec,
  UrlRewriteSpec,
} from '../api/policy.gen.ts';
import type {
  Header,
  HeaderMatch,
  HeaderModifier,
  Match,
  PathModifier,
  RequestRedirect,
  Route,
  UrlRewrite,
} from '../../proxy/snapshot/types.ts';
import type { FieldParser } from './field-parser.ts';

/** @param field path of the match within the policy */
export function readMatch({ path, method, headers = [] }: MatchSpec, field: string, fields: FieldParser): Match {
  const terms = readHeaders(headers, field, fields);
  return {
    ...(path && { path: readPath(path, field, fields) }),
    ...(method !== undefined && { method }),
    ...(terms.length > 0 && { headers: terms }),
  };
}

function readPath(given: NonNullable<MatchSpec['path']>, field: string, fields: FieldParser): NonNullable<Match['path']> {
  const { type = DEFAULTS.pathType, value = DEFAULTS.pathValue } = given;
  if (type === 'RegularExpression') fields.expression(`${field}.path.value`, value);
  return { type, value };
}

/** Of two headers whose names differ in case only, the first counts, as in Gateway API. */
function readHeaders(headers: NonNullable<MatchSpec['headers']>, field: string, fields: FieldParser): HeaderMatch[] {
  const byName = new Map<string, HeaderMatch>();
  for (const [i, { name, value, type = DEFAULTS.headerType }] of headers.entries()) {
    const lower = name.toLowerCase();
    if (byName.has(lower)) continue;
    if (type === 'RegularExpression') fields.expression(`${field}.headers[${i}].value`, value);
    byName.set(lower, { name: lower, value, ...(type === 'RegularExpression' && { type }) });
  }
  return [...byName.values()];
}

export type RouteFilters = Pick<Route, 'requestHeaderModifier' | 'responseHeaderModifier' | 'urlRewrite' | 'requestRedirect'>;

/** Names and paths are not checked here: the proxy's own checks do that (proxy-checks.ts). */
export function readFilters(spec: PolicySpec): RouteFilters {
  const { requestHeaderModifier, responseHeaderModifier, urlRewrite, requestRedirect } = spec;
  return {
    ...(requestHeaderModifier && { requestHeaderModifier: readModifier(requestHeaderModifier) }),
    ...(responseHeaderModifier && { responseHeaderModifier: readModifier(responseHeaderModifier) }),
    ...(urlRewrite && { urlRewrite: readRewrite(urlRewrite) }),
    ...(requestRedirect && { requestRedirect: readRedirect(requestRedirect) }),
  };
}

function readModifier({
  set = [],
  add = [],
  remove = [],
}: RequestHeaderModifierSpec | ResponseHeaderModifierSpec): HeaderModifier {
  const lower = ({ name, value }: Header): Header => ({ name: name.toLowerCase(), value });
  return { set: set.map(lower), add: add.map(lower), remove: [...new Set(remove.map((name) => name.toLowerCase()))] };
}

function readRewrite({ hostname, path }: UrlRewriteSpec | RequestRedirectSpec): UrlRewrite {
  return { ...(hostname !== undefined && { hostname }), ...(path && { path: readPathModifier(path) }) };
}

function readPathModifier({
  type,
  replaceFullPath = '',
  replacePrefixMatch = '',
}: UrlRewritePathSpec | RequestRedirectPathSpec): PathModifier {
  return { type, value: type === 'ReplaceFullPath' ? replaceFullPath : replacePrefixMatch };
}

function readRedirect({ scheme, port, statusCode = DEFAULTS.redirectStatus, ...rewrite }: RequestRedirectSpec): RequestRedirect {
  return {
    ...(scheme !== undefined && { scheme }),
    ...readRewrite(rewrite),
    ...(port !== undefined && { port }),
    statusCode,
  };
}
