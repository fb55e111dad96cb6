/** The parts of the browser API that the script uses. The types of the whole DOM would declare its names in every file here. */

export interface DomNode {
  readonly nodeType: number;
  textContent: string | null;
  readonly parentNode: DomElement | null;
}

export interface DomElement extends DomNode {
  readonly localName: string;
  readonly childNodes: ArrayLike<DomNode>;
  readonly attributes: ArrayLike<{ readonly name: string }>;
  hidden: boolean;
  value: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  append(...kids: (DomNode | string)[]): void;
  replaceChild(kid: DomNode, old: DomNode): void;
  removeChild(kid: DomNode): void;
  addEventListener(type: string, listener: () => void): void;
}

interface Browser {
  readonly document: {
    readonly hidden: boolean;
    getElementById(id: string): DomElement | null;
    createElement(tag: string): DomElement;
    createElementNS(namespace: string, tag: string): DomElement;
    createTextNode(text: string): DomNode;
    addEventListener(type: string, listener: () => void): void;
  };
  readonly history: { replaceState(data: null, unused: string, url: string): void };
  readonly location: { reload(): void };
}

export const { document, history, location } = globalThis as unknown as Browser;

export function byId(id: string): DomElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no ${id}`);
  return element;
}
