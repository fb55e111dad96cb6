import { byPrecedence, firstMatch } from './match.ts';
import type { RoutedBy, RouteRule } from './match.ts';

/** The rules of one path prefix. */
interface Prefix<T> {
  /** Without trailing slash. */
  readonly text: string;
  readonly rules: RouteRule<T>[];
  /** The longest other prefix that is a string prefix of this one. */
  readonly shorter: Prefix<T> | undefined;
}

const SLASH = 0x2f;

/**
 * The rules of one hostname, by path. Looking up n prefixes takes log₂ n comparisons plus one for each prefix of the path.
 *
 * Order among paths: exact; then prefixes from the longest; then regular expressions; last the rules for every path, which would
 * otherwise hide the regular expressions. Among equal paths, and among regular expressions, `byPrecedence`.
 */
export class PathIndex<T> {
  readonly #exact = new Map<string, RouteRule<T>[]>();
  /** In ascending order, without the empty prefix. */
  readonly #prefixes: readonly Prefix<T>[];
  readonly #expressions: RouteRule<T>[] = [];
  readonly #everyPath: RouteRule<T>[] = [];

  /** `rules` may be in any order. */
  constructor(rules: readonly RouteRule<T>[]) {
    const prefixes = new Map<string, RouteRule<T>[]>();
    for (const rule of [...rules].sort(byPrecedence)) {
      if (rule.type === 'Exact') append(this.#exact, rule);
      else if (rule.type === 'RegularExpression') this.#expressions.push(rule);
      else if (rule.path === '') this.#everyPath.push(rule);
      else append(prefixes, rule);
    }
    this.#prefixes = link(prefixes);
  }

  find(f: RoutedBy): RouteRule<T> | undefined {
    // A look-up hashes the whole path, so it is skipped if there are no exact paths.
    const exact = this.#exact.size > 0 ? firstMatch(this.#exact.get(f.path), f) : undefined;
    return exact ?? this.#underPrefix(f) ?? firstMatch(this.#expressions, f) ?? firstMatch(this.#everyPath, f);
  }

  /** Every prefix of the path sorts before it, and the last entry that sorts before it starts with all of them. */
  #underPrefix(f: RoutedBy): RouteRule<T> | undefined {
    const { path } = f;
    for (let prefix = this.#lastNotAfter(path); prefix !== undefined; prefix = prefix.shorter) {
      if (!isUnder(path, prefix.text)) continue;
      const rule = firstMatch(prefix.rules, f);
      if (rule !== undefined) return rule;
    }
    return undefined;
  }

  #lastNotAfter(path: string): Prefix<T> | undefined {
    let low = 0;
    let high = this.#prefixes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#prefixes[middle] as Prefix<T>).text <= path) low = middle + 1;
      else high = middle;
    }
    return this.#prefixes[low - 1];
  }
}

function append<T>(map: Map<string, RouteRule<T>[]>, rule: RouteRule<T>): void {
  const list = map.get(rule.path);
  if (list === undefined) map.set(rule.path, [rule]);
  else list.push(rule);
}

function link<T>(prefixes: ReadonlyMap<string, RouteRule<T>[]>): Prefix<T>[] {
  const linked: Prefix<T>[] = [];
  for (const text of [...prefixes.keys()].sort()) {
    let shorter = linked.at(-1);
    while (shorter !== undefined && !text.startsWith(shorter.text)) shorter = shorter.shorter;
    linked.push({ text, rules: prefixes.get(text) ?? [], shorter });
  }
  return linked;
}

/** By segments: /a contains /a and /a/b, not /ab. */
function isUnder(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH);
}
