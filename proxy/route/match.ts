import { headerOf } from '../message/request-head.ts';
import type { HeaderSource, RequestHead } from '../message/request-head.ts';
import type { HeaderMatch, Match, Route } from '../snapshot/types.ts';

/** What requests are routed by. */
export type RoutedBy = Pick<RequestHead, 'host' | 'path' | 'method'> & HeaderSource;

/** Whether the regular expression matches the whole text. */
export type Regex = (text: string) => boolean;

/** Compiles RE2 syntax. Throws an Error with a readable message if the source is invalid. */
export type CompileRegex = (source: string) => Regex;

/** One match of one route, compiled. Exact paths and prefixes are compared by the PathIndex that contains the rule. */
export interface RouteRule<T> {
  readonly value: T;
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  /** The path as the policy has it, whatever its type: the prefix, the exact path or the regular expression. */
  readonly matched: string;
  /** A prefix has no trailing slash; empty: every path. */
  readonly path: string;
  /** The prefix as in `path`; empty for other types. */
  readonly prefix: string;
  readonly matchesPath: Regex | undefined;
  readonly method: string | undefined;
  readonly headers: readonly HeaderTerm[];
  readonly created: number;
  readonly policy: string;
}

interface HeaderTerm {
  readonly name: string;
  readonly value: string;
  /** Replaces the comparison with `value`. */
  readonly matchesValue: Regex | undefined;
}

/** @throws Error if a regular expression is invalid. */
export function compileRule<T>(route: Route, match: Match, value: T, compile: CompileRegex): RouteRule<T> {
  const { type, value: given } = match.path ?? { type: 'PathPrefix' as const, value: '/' };
  const path = type === 'PathPrefix' && given.endsWith('/') ? given.slice(0, -1) : given;
  return {
    value,
    type,
    matched: given,
    path,
    prefix: type === 'PathPrefix' ? path : '',
    matchesPath: type === 'RegularExpression' ? compile(given) : undefined,
    method: match.method,
    headers: (match.headers ?? []).map((header) => compileHeader(header, compile)),
    created: route.created,
    policy: route.policy,
  };
}

function compileHeader({ name, value, type }: HeaderMatch, compile: CompileRegex): HeaderTerm {
  return { name, value, matchesValue: type === 'RegularExpression' ? compile(value) : undefined };
}

/**
 * Order of two rules with equal path terms (or two regular expressions) under one hostname, higher precedence first (Gateway API,
 * HTTPRouteRule):
 *
 *   1. with a method before without
 *   2. more header matches
 *   3. older policy, then `namespace/name` of the policy
 *   4. as written in the policy (sorting is stable)
 */
export function byPrecedence(a: RouteRule<unknown>, b: RouteRule<unknown>): number {
  return (
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    a.created - b.created ||
    (a.policy < b.policy ? -1 : Number(a.policy > b.policy))
  );
}

/** The first rule whose terms all match; exact paths and prefixes are not compared. */
export function firstMatch<T>(rules: readonly RouteRule<T>[] | undefined, head: RoutedBy): RouteRule<T> | undefined {
  if (rules === undefined) return undefined;
  for (const rule of rules) if (ruleMatches(rule, head)) return rule;
  return undefined;
}

function ruleMatches(rule: RouteRule<unknown>, head: RoutedBy): boolean {
  if (rule.method !== undefined && rule.method !== head.method) return false;
  if (rule.matchesPath !== undefined && !rule.matchesPath(head.path)) return false;
  for (const term of rule.headers) {
    const value = headerOf(head, term.name);
    if (term.matchesValue === undefined ? value !== term.value : value === undefined || !term.matchesValue(value)) return false;
  }
  return true;
}
