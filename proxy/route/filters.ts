/** What a route changes of a request and its response (Gateway API's filters), made ready once per route. */
import type { Changes, Facts, HeaderEdit } from '../message/exchange.ts';
import type { HeaderModifier, PathModifier, RequestRedirect, Route, UrlRewrite } from '../snapshot/types.ts';

export interface Filters {
  readonly request: HeaderEdit | undefined;
  readonly response: HeaderEdit | undefined;
  readonly rewrite: UrlRewrite | undefined;
  readonly redirect: RequestRedirect | undefined;
}

type Filtered = Pick<Route, 'requestHeaderModifier' | 'responseHeaderModifier' | 'urlRewrite' | 'requestRedirect'>;

/** Undefined where a route changes nothing, as most do. */
export function compileFilters(route: Filtered): Filters | undefined {
  const { requestHeaderModifier, responseHeaderModifier, urlRewrite: rewrite, requestRedirect: redirect } = route;
  const request = requestHeaderModifier && compileEdit(requestHeaderModifier);
  const response = responseHeaderModifier && compileEdit(responseHeaderModifier);
  return (request ?? response ?? rewrite ?? redirect) ? { request, response, rewrite, redirect } : undefined;
}

/** A field that is set goes first and comes back with its new value. */
function compileEdit({ set, add, remove }: HeaderModifier): HeaderEdit {
  return {
    dropped: new Set([...set.map(({ name }) => name), ...remove]),
    added: [...set, ...add].flatMap(({ name, value }) => [name, value]),
  };
}

type Line = Pick<Facts, 'path' | 'target'>;

/** @param prefix that the request was matched by, without trailing slash. */
export function changesOf({ request, response, rewrite }: Filters, line: Line, prefix: string): Changes {
  const target = rewrite?.path && rewriteTarget(rewrite.path, line, prefix);
  return { target, authority: rewrite?.hostname, request, response };
}

/** Path and query with another path. The asterisk of OPTIONS is no path, and stays. */
function rewriteTarget(by: PathModifier, { path, target }: Line, prefix: string): string {
  return path === '*' ? target : modifyPath(by, path, prefix) + target.slice(path.length);
}

/**
 * The path that takes the place of `path`, by Gateway API's rules (HTTPPathModifier): of prefix and replacement, a trailing slash
 * does not count; what follows the prefix stays as it is.
 */
export function modifyPath({ type, value }: PathModifier, path: string, prefix: string): string {
  if (type === 'ReplaceFullPath') return value;
  const start = value.endsWith('/') ? value.slice(0, -1) : value;
  const rest = path.slice(prefix.length);
  if (start !== '') return start + rest;
  // `//host/path` would name another host to whoever takes it for a reference.
  return `/${rest.replace(/^\/+/, '')}`;
}

const WELL_KNOWN = { http: 80, https: 443 } as const;

/**
 * The value of Location (Gateway API, HTTPRequestRedirectFilter). Absolute, with the port where it is not the scheme's own; where
 * neither request nor redirect names a host (HTTP/1.0), a path.
 */
export function redirectLocation(
  r: RequestRedirect,
  f: Pick<Facts, 'host' | 'port' | 'path' | 'target'>,
  prefix: string,
): string {
  const line = f.path === '*' ? { path: '/', target: '/' } : f;
  const target = r.path ? rewriteTarget(r.path, line, prefix) : line.target;
  const host = r.hostname ?? f.host;
  if (host === '') return target.replace(/^\/+/, '/');
  // Listeners speak HTTP only.
  const scheme = r.scheme ?? 'http';
  const port = r.port ?? (r.scheme === undefined ? f.port : WELL_KNOWN[scheme]);
  return `${scheme}://${host}${port === WELL_KNOWN[scheme] ? '' : `:${port}`}${target}`;
}
