/** What a route changes in requests and responses (Gateway API's filters), compiled once per route. */
import { editRequestFields } from '../message/header-edit.ts';
import type { HeaderEdit } from '../message/header-edit.ts';
import { DEFAULT_PORTS } from '../message/request-head.ts';
import type { RequestHead } from '../message/request-head.ts';
import { hyphenated } from '../snapshot/header-names.ts';
import type { HeaderModifier, PathModifier, RequestRedirect, Route, UrlRewrite } from '../snapshot/types.ts';

export interface Filters {
  readonly request: HeaderEdit | undefined;
  readonly response: HeaderEdit | undefined;
  readonly rewrite: UrlRewrite | undefined;
  readonly redirect: RequestRedirect | undefined;
}

type Filtered = Pick<Route, 'requestHeaderModifier' | 'responseHeaderModifier' | 'urlRewrite' | 'requestRedirect'>;

/** Undefined if the route changes nothing, as most do. */
export function compileFilters(route: Filtered): Filters | undefined {
  const { requestHeaderModifier, responseHeaderModifier, urlRewrite: rewrite, requestRedirect: redirect } = route;
  const request = requestHeaderModifier && hideNothing(compileEdit(requestHeaderModifier));
  const response = responseHeaderModifier && compileEdit(responseHeaderModifier);
  return (request ?? response ?? rewrite ?? redirect) ? { request, response, rewrite, redirect } : undefined;
}

/** A field that is set is removed and then added with its new value. */
function compileEdit({ set, add, remove }: HeaderModifier): HeaderEdit {
  return {
    dropped: new Set([...set.map(({ name }) => name), ...remove]),
    added: [...set, ...add].flatMap(({ name, value }) => [name, value]),
  };
}

/** So that no other spelling of a dropped or replaced field reaches a backend that reads both as one. */
function hideNothing({ dropped, added }: HeaderEdit): HeaderEdit {
  return { dropped: new Set([...dropped].map(hyphenated)), added };
}

type Line = Pick<RequestHead, 'path' | 'target'>;

/**
 * The head that goes to the backend: the client's, changed as the filters say. Host and path stay what the request was matched by.
 * @param prefix that the request was matched by, without trailing slash.
 */
export function filterHead({ request, rewrite }: Filters, head: RequestHead, prefix: string): RequestHead {
  return {
    ...head,
    target: rewrite?.path ? rewriteTarget(rewrite.path, head, prefix) : head.target,
    authority: rewrite?.hostname ?? head.authority,
    fields: request ? editRequestFields(head.fields, request) : head.fields,
  };
}

/** Replaces the path of a target and keeps the query. The asterisk of OPTIONS is no path, and stays. */
function rewriteTarget(by: PathModifier, { path, target }: Line, prefix: string): string {
  return path === '*' ? target : modifyPath(by, path, prefix) + target.slice(path.length);
}

/**
 * Rewrites `path` by Gateway API's rules (HTTPPathModifier): trailing slashes of prefix and replacement are ignored; what follows
 * the prefix is kept.
 */
export function modifyPath({ type, value }: PathModifier, path: string, prefix: string): string {
  if (type === 'ReplaceFullPath') return value;
  const start = value.endsWith('/') ? value.slice(0, -1) : value;
  const rest = path.slice(prefix.length);
  if (start !== '') return start + rest;
  // A client could read `//host/path` as a reference to another host.
  return `/${rest.replace(/^\/+/, '')}`;
}

/**
 * The value of Location (Gateway API, HTTPRequestRedirectFilter). Absolute, with the port unless it is the scheme's default; only a
 * path if neither request nor redirect names a host (HTTP/1.0). Scheme and port are those that the client used, also behind trusted
 * proxies. The host is that of Host, never of X-Forwarded-Host: several load balancers forward a client's own X-Forwarded-Host, so
 * that anyone could make a link to this site that leads to another one (an open redirect).
 */
export function redirectLocation(
  r: RequestRedirect,
  head: Pick<RequestHead, 'scheme' | 'port' | 'host' | 'path' | 'target'>,
  prefix: string,
): string {
  const line = head.path === '*' ? { path: '/', target: '/' } : head;
  const target = r.path ? rewriteTarget(r.path, line, prefix) : line.target;
  const host = r.hostname ?? head.host;
  if (host === '') return target.replace(/^\/+/, '/');
  const scheme = r.scheme ?? head.scheme;
  const port = r.port ?? (r.scheme === undefined ? head.port : DEFAULT_PORTS[scheme]);
  return `${scheme}://${host}${port === DEFAULT_PORTS[scheme] ? '' : `:${port}`}${target}`;
}
