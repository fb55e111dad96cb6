import { headerOf } from '../message/request-head.ts';
import type { HeaderSource, RequestHead } from '../message/request-head.ts';
import type { HeaderMatch, Match, Route } from '../snapshot/types.ts';

/** What requests are routed by. */
export type RoutedBy = Pick<RequestHead, 'host' | 'path' | 'method'> & HeaderSource;

/** Whether the expression describes the whole text. */
export type Expression = (text: string) => boolean;

/** Makes an expression from RE2 syntax. Throws an Error, with a message for people, where the source is none. */
export type CompileExpression = (source: string) => Expression;

/** One alternative of one route, made ready for comparing. Its path is compared by where it stands in its PathIndex. */
export interface Rule<T> {
  readonly value: T;
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  /** Of a prefix, without its trailing slash; empty: every path. */
  readonly path: string;
  /** The prefix that the path was matched by, as `path`; empty for the other types. */
  readonly prefix: string;
  readonly pathFits: Expression | undefined;
  readonly method: string | undefined;
  readonly headers: readonly HeaderTerm[];
  readonly created: number;
  readonly policy: string;
}

interface HeaderTerm {
  readonly name: string;
  readonly value: string;
  /** Instead of comparing with `value`. */
  readonly valueFits: Expression | undefined;
}

/** @throws Error where an expression is none. */
export function compileRule<T>(route: Route, match: Match, value: T, compile: CompileExpression): Rule<T> {
  const { type, value: given } = match.path ?? { type: 'PathPrefix' as const, value: '/' };
  const path = type === 'PathPrefix' && given.endsWith('/') ? given.slice(0, -1) : given;
  return {
    value,
    type,
    path,
    prefix: type === 'PathPrefix' ? path : '',
    pathFits: type === 'RegularExpression' ? compile(given) : undefined,
    method: match.method,
    headers: (match.headers ?? []).map((header) => compileHeader(header, compile)),
    created: route.created,
    policy: route.policy,
  };
}

function compileHeader({ name, value, type }: HeaderMatch, compile: CompileExpression): HeaderTerm {
  return { name, value, valueFits: type === 'RegularExpression' ? compile(value) : undefined };
}

/**
 * Order of two rules with equal path terms (or two expressions) under one hostname, the one to ask first first (Gateway API,
 * HTTPRouteRule):
 *
 *   1. with a method before without
 *   2. more header matches
 *   3. older policy, then `namespace/name` of the policy
 *   4. as written in the policy (sorting is stable)
 */
export function byPrecedence(a: Rule<unknown>, b: Rule<unknown>): number {
  return (
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    a.created - b.created ||
    (a.policy < b.policy ? -1 : Number(a.policy > b.policy))
  );
}

/** The first rule of which every term holds; exact paths and prefixes are not looked at. */
export function firstFit<T>(rules: readonly Rule<T>[] | undefined, head: RoutedBy): Rule<T> | undefined {
  if (rules === undefined) return undefined;
  for (const rule of rules) if (fits(rule, head)) return rule;
  return undefined;
}

function fits(rule: Rule<unknown>, head: RoutedBy): boolean {
  if (rule.method !== undefined && rule.method !== head.method) return false;
  if (rule.pathFits !== undefined && !rule.pathFits(head.path)) return false;
  for (const term of rule.headers) {
    const value = headerOf(head, term.name);
    if (term.valueFits === undefined ? value !== term.value : value === undefined || !term.valueFits(value)) return false;
  }
  return true;
}
