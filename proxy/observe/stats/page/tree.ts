/** Part of the page as a value: the proxy writes it as HTML, the browser creates nodes. Strings are text in both. */

export interface Element {
  readonly tag: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly kids: readonly Tree[];
}

/** A function makes its element on demand, so that a large page is made in pieces. */
export type Tree = string | Element | (() => Element);

/** Undefined and empty children are left out. */
export function h(tag: string, attrs: Readonly<Record<string, string>>, ...kids: readonly (Tree | undefined)[]): Element {
  return { tag, attrs, kids: kids.filter((kid) => kid !== undefined && kid !== '') as Tree[] };
}
