import { byPrecedence, firstFit } from './match.ts';
import type { RouteFacts, Rule } from './match.ts';

/** One path element below its parent; the rules are those whose prefix ends here. */
interface Node<T> {
  readonly parent: Node<T> | undefined;
  readonly rules: Rule<T>[];
  children: Map<string, Node<T>> | undefined;
}

const SLASH = 0x2f;

/**
 * The rules of one hostname, by path: a look-up costs the elements of the path that the tree has, whatever the number of rules.
 *
 * Order among paths: exact; then prefixes from the longest; then expressions; last the rules for every path, which would leave the
 * expressions nothing. Among equal paths, and among expressions, `byPrecedence`.
 */
export class PathTree<T> {
  readonly #exact = new Map<string, Rule<T>[]>();
  readonly #root: Node<T> = { parent: undefined, rules: [], children: undefined };
  readonly #expressions: Rule<T>[] = [];

  /** `rules` may come in any order. */
  constructor(rules: readonly Rule<T>[]) {
    for (const rule of [...rules].sort(byPrecedence)) this.#listFor(rule).push(rule);
  }

  find(f: RouteFacts): Rule<T> | undefined {
    const exact = firstFit(this.#exact.get(f.path), f);
    if (exact !== undefined) return exact;
    let node = this.#deepest(f.path);
    for (; node.parent !== undefined; node = node.parent) {
      const rule = firstFit(node.rules, f);
      if (rule !== undefined) return rule;
    }
    return firstFit(this.#expressions, f) ?? firstFit(node.rules, f);
  }

  #listFor({ type, path }: Rule<T>): Rule<T>[] {
    if (type === 'RegularExpression') return this.#expressions;
    if (type === 'PathPrefix') return this.#nodeOf(path).rules;
    let list = this.#exact.get(path);
    if (list === undefined) this.#exact.set(path, (list = []));
    return list;
  }

  #nodeOf(prefix: string): Node<T> {
    let node = this.#root;
    for (const element of prefix.split('/').slice(1)) {
      node.children ??= new Map();
      let child = node.children.get(element);
      if (child === undefined) node.children.set(element, (child = { parent: node, rules: [], children: undefined }));
      node = child;
    }
    return node;
  }

  /** The node of the longest known prefix, element by element: /a holds /a and /a/b, not /ab. */
  #deepest(path: string): Node<T> {
    let node = this.#root;
    if (path.charCodeAt(0) !== SLASH) return node;
    for (let start = 1; node.children !== undefined && start <= path.length;) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      const child = node.children.get(path.slice(start, end));
      if (child === undefined) break;
      node = child;
      start = end + 1;
    }
    return node;
  }
}
