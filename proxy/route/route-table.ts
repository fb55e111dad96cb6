import type { Route } from '../snapshot/types.ts';
import { compileRule } from './match.ts';
import type { CompileRegex, RoutedBy, RouteRule } from './match.ts';
import { PathIndex } from './path-index.ts';

export type { RoutedBy } from './match.ts';

/** The result of matching a request. */
export interface RouteMatch<T> {
  readonly value: T;
  /** The matched path prefix, without its trailing slash; empty: every path, or not matched by a prefix. */
  readonly prefix: string;
  /** The path of the match as the policy has it: a prefix, an exact path or a regular expression. */
  readonly matched: string;
}

/** The routes of one listener. */
export interface RouteTable<T> {
  /** The route that serves this request; undefined if none matches. Allocates nothing. */
  match(f: RoutedBy): RouteMatch<T> | undefined;
}

export interface RegexOptions {
  readonly compile: CompileRegex;
  /** Called for a route with a regular expression that does not compile; the whole route is left out. */
  readonly invalid: (route: Route, reason: string) => void;
}

/** The longest DNS name; no policy can have a longer one. */
const LONGEST_HOSTNAME = 253;

/** For tables without regular expressions. */
const NO_EXPRESSIONS: RegexOptions = {
  compile: () => {
    throw new Error('regular expressions are not available');
  },
  invalid: (_, reason) => {
    throw new Error(reason);
  },
};

/**
 * Builds the table. A request is matched against the rules of the most specific hostname that matches (exact, then wildcards from
 * the longest, then rules without hostname), and, if none of them matches, against the next one.
 *
 * @param expressions needed if a match has a regular expression.
 */
export function createRouteTable<T>(
  entries: readonly { readonly route: Route; readonly value: T }[],
  expressions: RegexOptions = NO_EXPRESSIONS,
): RouteTable<T> {
  const exact = new Map<string, RouteRule<T>[]>();
  // Keyed by the part after `*.`.
  const wildcard = new Map<string, RouteRule<T>[]>();
  const any: RouteRule<T>[] = [];
  for (const { route, value } of entries) {
    const rules = compileRules(route, value, expressions);
    if (route.hostnames.length === 0) any.push(...rules);
    for (const hostname of new Set(route.hostnames)) {
      if (hostname.startsWith('*.')) append(wildcard, hostname.slice(2), rules);
      else append(exact, hostname, rules);
    }
  }
  return new HostnameTable(indexPaths(exact), indexPaths(wildcard), new PathIndex(any));
}

function compileRules<T>(route: Route, value: T, { compile, invalid }: RegexOptions): RouteRule<T>[] {
  const matches = route.matches.length > 0 ? route.matches : [{}];
  try {
    return matches.map((match) => compileRule(route, match, value, compile));
  } catch (error) {
    invalid(route, error instanceof Error ? error.message : String(error));
    return [];
  }
}

function append<T>(map: Map<string, RouteRule<T>[]>, key: string, rules: readonly RouteRule<T>[]): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [...rules]);
  else list.push(...rules);
}

function indexPaths<T>(lists: ReadonlyMap<string, readonly RouteRule<T>[]>): ReadonlyMap<string, PathIndex<T>> {
  return new Map([...lists].map(([hostname, rules]) => [hostname, new PathIndex(rules)]));
}

class HostnameTable<T> implements RouteTable<T> {
  readonly #exact: ReadonlyMap<string, PathIndex<T>>;
  readonly #wildcard: ReadonlyMap<string, PathIndex<T>>;
  readonly #any: PathIndex<T>;

  constructor(exact: ReadonlyMap<string, PathIndex<T>>, wildcard: ReadonlyMap<string, PathIndex<T>>, any: PathIndex<T>) {
    this.#exact = exact;
    this.#wildcard = wildcard;
    this.#any = any;
  }

  match(f: RoutedBy): RouteMatch<T> | undefined {
    return this.#exact.get(f.host)?.find(f) ?? this.#underWildcard(f) ?? this.#any.find(f);
  }

  #underWildcard(f: RoutedBy): RouteRule<T> | undefined {
    const host = f.host;
    // A longer name matches no wildcard, and must not cost one look-up per dot.
    if (this.#wildcard.size === 0 || host.length > LONGEST_HOSTNAME) return undefined;
    for (let dot = host.indexOf('.', 1); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const rule = this.#wildcard.get(host.slice(dot + 1))?.find(f);
      if (rule !== undefined) return rule;
    }
    return undefined;
  }
}
