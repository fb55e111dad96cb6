/** A piece of the page as a value: the proxy writes it as HTML, the browser makes it of nodes. Text is text in both. */

export interface Element {
  readonly tag: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly kids: readonly Tree[];
}

/** A function makes its element when it is wanted: a large page is made in pieces. */
export type Tree = string | Element | (() => Element);

/** Kids that are undefined or empty are left out. */
export function h(tag: string, attrs: Readonly<Record<string, string>>, ...kids: readonly (Tree | undefined)[]): Element {
  return { tag, attrs, kids: kids.filter((kid) => kid !== undefined && kid !== '') as Tree[] };
}
