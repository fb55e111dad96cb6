import type { Route } from '../snapshot/types.ts';
import { byPrecedence, compileRule, fits, type RouteFacts, type Rule } from './match.ts';

export type { RouteFacts } from './match.ts';

/** The routes of one listener. */
export interface RouteTable<T> {
  /** The value of the route that serves this request, or undefined when none does. */
  match(f: RouteFacts): T | undefined;
}

/** The longest name that DNS knows; a policy can not ask for a longer one. */
const LONGEST_HOSTNAME = 253;

/**
 * Builds the table. A request is offered to the rules of the most specific hostname that fits it (exact, then wildcards from the
 * longest, then rules without hostname), and, where none of those takes it, to the next.
 */
export function createRouteTable<T>(entries: readonly { readonly route: Route; readonly value: T }[]): RouteTable<T> {
  const exact = new Map<string, Rule<T>[]>();
  // Keyed by what follows `*.`.
  const wildcard = new Map<string, Rule<T>[]>();
  const any: Rule<T>[] = [];
  for (const { route, value } of entries) {
    const matches = route.matches.length > 0 ? route.matches : [{}];
    const rules = matches.map((match) => compileRule(route, match, value));
    if (route.hostnames.length === 0) any.push(...rules);
    for (const hostname of new Set(route.hostnames)) {
      if (hostname.startsWith('*.')) append(wildcard, hostname.slice(2), rules);
      else append(exact, hostname, rules);
    }
  }
  for (const rules of [...exact.values(), ...wildcard.values(), any]) rules.sort(byPrecedence);
  return new HostnameTable(exact, wildcard, any);
}

function append<T>(map: Map<string, Rule<T>[]>, key: string, rules: readonly Rule<T>[]): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [...rules]);
  else list.push(...rules);
}

class HostnameTable<T> implements RouteTable<T> {
  readonly #exact: ReadonlyMap<string, readonly Rule<T>[]>;
  readonly #wildcard: ReadonlyMap<string, readonly Rule<T>[]>;
  readonly #any: readonly Rule<T>[];

  constructor(
    exact: ReadonlyMap<string, readonly Rule<T>[]>,
    wildcard: ReadonlyMap<string, readonly Rule<T>[]>,
    any: readonly Rule<T>[],
  ) {
    this.#exact = exact;
    this.#wildcard = wildcard;
    this.#any = any;
  }

  match(f: RouteFacts): T | undefined {
    const rule = first(this.#exact.get(f.host), f) ?? this.#underWildcard(f) ?? first(this.#any, f);
    return rule?.value;
  }

  #underWildcard(f: RouteFacts): Rule<T> | undefined {
    const host = f.host;
    // A longer name fits no wildcard, and must not cost a look-up per dot.
    if (this.#wildcard.size === 0 || host.length > LONGEST_HOSTNAME) return undefined;
    for (let dot = host.indexOf('.', 1); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const rule = first(this.#wildcard.get(host.slice(dot + 1)), f);
      if (rule !== undefined) return rule;
    }
    return undefined;
  }
}

function first<T>(rules: readonly Rule<T>[] | undefined, f: RouteFacts): Rule<T> | undefined {
  if (rules === undefined) return undefined;
  for (const rule of rules) if (fits(rule, f)) return rule;
  return undefined;
}
