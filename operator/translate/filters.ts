/** What a policy changes of requests and responses, in the wire's terms. Names and paths are judged by the proxy's own checks. */
import { DEFAULTS } from '../api/defaults.ts';
import type {
  PolicySpec,
  RequestHeaderModifierSpec,
  RequestRedirectPathSpec,
  RequestRedirectSpec,
  ResponseHeaderModifierSpec,
  UrlRewritePathSpec,
  UrlRewriteSpec,
} from '../api/policy.gen.ts';
import type { Header, HeaderModifier, PathModifier, RequestRedirect, Route, UrlRewrite } from '../../proxy/snapshot/types.ts';

export type RouteFilters = Pick<Route, 'requestHeaderModifier' | 'responseHeaderModifier' | 'urlRewrite' | 'requestRedirect'>;

export function readFilters(spec: PolicySpec): RouteFilters {
  const { requestHeaderModifier, responseHeaderModifier, urlRewrite, requestRedirect } = spec;
  return {
    ...(requestHeaderModifier && { requestHeaderModifier: readModifier(requestHeaderModifier) }),
    ...(responseHeaderModifier && { responseHeaderModifier: readModifier(responseHeaderModifier) }),
    ...(urlRewrite && { urlRewrite: readPlace(urlRewrite) }),
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

function readPlace({ hostname, path }: UrlRewriteSpec | RequestRedirectSpec): UrlRewrite {
  return { ...(hostname !== undefined && { hostname }), ...(path && { path: readPath(path) }) };
}

function readPath({
  type,
  replaceFullPath = '',
  replacePrefixMatch = '',
}: UrlRewritePathSpec | RequestRedirectPathSpec): PathModifier {
  return { type, value: type === 'ReplaceFullPath' ? replaceFullPath : replacePrefixMatch };
}

function readRedirect({ scheme, port, statusCode = DEFAULTS.redirectStatus, ...place }: RequestRedirectSpec): RequestRedirect {
  return {
    ...(scheme !== undefined && { scheme }),
    ...readPlace(place),
    ...(port !== undefined && { port }),
    statusCode,
  };
}
