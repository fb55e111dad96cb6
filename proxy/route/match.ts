import type { Facts } from '../exchange/seam.ts';
import type { Match, Route } from '../snapshot/types.ts';

/** What routing looks at. */
export type RouteFacts = Pick<Facts, 'host' | 'path' | 'method' | 'header'>;

/** One alternative of one route, made ready for comparing. */
export interface Rule<T> {
  readonly value: T;
  readonly exact: boolean;
  /** The whole path where `exact`, else the prefix without its trailing slash; empty: every path. */
  readonly path: string;
  readonly method: string | undefined;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly created: number;
  readonly policy: string;
}

export function compileRule<T>(route: Route, match: Match, value: T): Rule<T> {
  const path = match.path ?? { type: 'PathPrefix', value: '/' };
  const exact = path.type === 'Exact';
  return {
    value,
    exact,
    path: exact || !path.value.endsWith('/') ? path.value : path.value.slice(0, -1),
    method: match.method,
    headers: match.headers ?? [],
    created: route.created,
    policy: route.policy,
  };
}

/**
 * Order of two rules under one hostname, the one to ask first first (Gateway API, HTTPRouteRule):
 *
 *   1. exact path before path prefix
 *   2. longer path prefix (an exact path can only be one)
 *   3. with a method before without
 *   4. more header matches
 *   5. older policy, then `namespace/name` of the policy
 *   6. as written in the policy (sorting is stable)
 */
export function byPrecedence(a: Rule<unknown>, b: Rule<unknown>): number {
  return (
    Number(b.exact) - Number(a.exact) ||
    b.path.length - a.path.length ||
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    a.created - b.created ||
    (a.policy < b.policy ? -1 : Number(a.policy > b.policy))
  );
}

/** Whether every term of the rule holds. */
export function fits(rule: Rule<unknown>, f: RouteFacts): boolean {
  if (rule.method !== undefined && rule.method !== f.method) return false;
  if (rule.exact ? rule.path !== f.path : !under(rule.path, f.path)) return false;
  for (const header of rule.headers) if (f.header(header.name) !== header.value) return false;
  return true;
}

/** Segment by segment: /a holds /a and /a/b, not /ab. */
function under(prefix: string, path: string): boolean {
  if (prefix === '') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f);
}
